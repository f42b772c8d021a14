// ocpasswd beside the C program of the same name: the same calls on the same files, compared by exit status and by what
// the file says afterwards; every difference there is stands in a table with its reason. And many writers at once.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import {
  chmod,
  chown,
  copyFile,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { cOcpasswd } from '../support/c-program.ts';
import { mustRun, run, type Outcome } from '../support/command.ts';
import { asNobody } from '../support/nobody.ts';
import { root } from '../support/site.ts';

const ours = path.join(root, 'bin/ocpasswd');
const folder = await mkdtemp(path.join(tmpdir(), 'ocserv-ocpasswd-'));
after(() => rm(folder, { recursive: true, force: true }));

const old = '$5$saltsaltsaltsalt$eDp1S7VF7oX6EHjKvXMrmOcVXEq9dDTfrkRbfJvQVm5';
const start = `alice:staff,vpn:${old}\nbob:*:${old}\nbob:dev:${old}\neve:*:!${old}\n`;

/** Is this the crypt(3) hash of that password? Asked of another user of the same library. */
async function verifies(hash: string, password: string): Promise<boolean> {
  const program = 'my ($p, $h) = @ARGV; exit(crypt($p, $h) eq $h ? 0 : 1)';
  const { status, stderr } = await run(['perl', '-e', program, password, hash]);
  assert.ok(status === 0 || status === 1, `perl: ${stderr}`);
  return status === 0;
}

interface Call {
  readonly args: readonly string[];
  readonly input?: string;
  /** Of the file before the call; undefined: there is none. */
  readonly before?: string | null;
  /** What a new hash must be of. */
  readonly password?: string;
}

interface Result {
  readonly status: number | null;
  readonly file: string | null;
  readonly outcome: Outcome;
}

let count = 0;
async function call(
  program: string,
  { args, input = 'new password\n', before = start, password }: Call,
): Promise<Result> {
  const file = path.join(folder, `passwd${String(++count)}`);
  if (before !== null) await writeFile(file, before, { mode: 0o600 });
  const outcome = await run([program, '-c', file, ...args], { input });
  assert.deepEqual(
    (await readdir(folder)).filter((name) => name.startsWith(path.basename(file)) && name.includes('.')),
    [],
    'nothing is left beside the file',
  );
  if (!existsSync(file)) return { status: outcome.status, file: null, outcome };
  const lines = (await readFile(file, 'utf8')).split('\n');
  for (const [index, line] of lines.entries()) {
    const fields = line.split(':');
    for (const [place, field] of fields.entries()) {
      if (field === `${old}carol`) fields[place] = 'SPOILT';
      if (!/^!?\$[56y]\$/.test(field) || field.replace('!', '').startsWith(old)) continue;
      assert.ok(
        password !== undefined && (await verifies(field, password)),
        `${program} ${args.join(' ')}: ${line}`,
      );
      fields[place] = 'NEW';
    }
    lines[index] = fields.join(':');
  }
  return { status: outcome.status, file: lines.join('\n'), outcome };
}

const password = 'new password';

/** Both programs do the same. */
const same: Readonly<Record<string, Call>> = {
  'a new user is added at the end': { args: ['carol'], password },
  'a file is made for the first user': { args: ['carol'], before: null, password },
  'a group is given to a new user': { args: ['-g', 'staff', 'carol'], password },
  'several groups': { args: ['--groupname=staff,vpn', 'carol'], password },
  'the shortened spelling of the manual': { args: ['--group', 'staff', 'carol'], password },
  'every line of a name gets the new password': { args: ['-g', 'dev', 'bob'], password },
  'a password given twice by a script': { args: ['carol'], input: `${password}\n${password}\n`, password },
  'a password without a line end': { args: ['carol'], input: password, password },
  'a carriage return is part of the password': { args: ['carol'], input: 'pw\r\n', password: 'pw\r' },
  'a password in UTF-8': { args: ['carol'], input: 'pässwörd €\n', password: 'pässwörd €' },
  'a user name in UTF-8': { args: ['jürgen'], password },
  'a user name with a blank': { args: ['anna maria'], password },
  'a user name behind --': { args: ['--', 'carol'], password },
  'a new password ends a lock': { args: ['-g', 'dev', 'eve'], password },
  locking: { args: ['-l', 'alice'] },
  'locking every line of a name': { args: ['--lock', 'bob'] },
  'locking what is locked': { args: ['-l', 'eve'] },
  unlocking: { args: ['-u', 'eve'] },
  'unlocking what is not locked': { args: ['--unlock', 'alice'] },
  deleting: { args: ['-d', 'alice'] },
  'deleting every line of a name': { args: ['--delete', 'bob'] },
  'deleting somebody unknown is no failure': { args: ['-d', 'nobody'] },
  'deleting from no file': { args: ['-d', 'alice'], before: null },
  'locking in no file': { args: ['-l', 'alice'], before: null },
  'unlocking in no file': { args: ['-u', 'alice'], before: null },
  'an empty line as password': { args: ['carol'], input: '\n' },
  'no user name': { args: [] },
  'two user names': { args: ['carol', 'dave'] },
  'two actions': { args: ['-d', '-l', 'alice'] },
  'an option given twice': { args: ['-c', '/no/such/file', 'carol'] },
  'a group given twice': { args: ['-g', 'a', '-g', 'b', 'carol'] },
};

/** The C program's defects and what is done instead. */
const different: Readonly<
  Record<
    string,
    Call & { readonly c: readonly [number, string | null]; readonly o: readonly [number, string | null] }
  >
> = {
  'a new password keeps the groups': {
    args: ['alice'],
    password,
    c: [0, start.replace(`alice:staff,vpn:${old}`, 'alice:*:NEW')],
    o: [0, start.replace(`alice:staff,vpn:${old}`, 'alice:staff,vpn:NEW')],
  },
  'locking somebody unknown is a failure': { args: ['-l', 'nobody'], c: [0, start], o: [1, start] },
  'unlocking somebody unknown is a failure': { args: ['-u', 'nobody'], c: [0, start], o: [1, start] },
  'no password at all is refused': {
    args: ['carol'],
    input: '',
    // That is: an empty one.
    password: '',
    c: [0, `${start}carol:*:NEW\n`],
    o: [1, start],
  },
  'one letter without a line end is a password': {
    args: ['carol'],
    input: 'x',
    password: 'x',
    c: [1, start],
    o: [0, `${start}carol:*:NEW\n`],
  },
  'lines that are no entries stay': {
    args: ['-l', 'alice'],
    before: `# people\n\n${start}`,
    c: [0, start.replace(':staff,vpn:', ':staff,vpn:!')],
    o: [0, `# people\n\n${start.replace(':staff,vpn:', ':staff,vpn:!')}`],
  },
  'a last line without end is ended first': {
    args: ['carol'],
    password,
    before: `alice:*:${old}`,
    // Glued to the line of alice, whose hash it spoils.
    c: [0, `alice:*:SPOILT:*:NEW\n`],
    o: [0, `alice:*:${old}\ncarol:*:NEW\n`],
  },
  'a colon in a user name is refused': {
    args: ['a:b'],
    password,
    c: [0, `${start}a:b:*:NEW\n`],
    o: [1, start],
  },
  'a line end in a user name is refused': {
    args: ['a\nroot:*:'],
    password,
    c: [0, `${start}a\nroot:*::*:NEW\n`],
    o: [1, start],
  },
  'a line end in a group is refused': {
    args: ['-g', 'x:\nroot', 'carol'],
    password,
    c: [0, `${start}carol:x:\nroot:NEW\n`],
    o: [1, start],
  },
  'an empty user name is refused': { args: [''], password, c: [0, `${start}:*:NEW\n`], o: [1, start] },
  'a password that crypt cannot take is refused': {
    args: ['carol'],
    input: `${'x'.repeat(600)}\n`,
    c: [0, `${start}carol:*:*0\n`],
    o: [1, start],
  },
  'an unknown option is a mistake': {
    args: ['-z', 'carol'],
    password,
    c: [0, `${start}carol:*:NEW\n`],
    o: [1, start],
  },
};

test('both programs do the same, and where they differ it is known why', async () => {
  await using c = await cOcpasswd();
  for (const [what, given] of Object.entries(same)) {
    const theirs = await call(c.file, given);
    const own = await call(ours, given);
    assert.deepEqual([own.status, own.file], [theirs.status, theirs.file], `${what}\n${own.outcome.stderr}`);
  }
  for (const [what, { c: expected, o: better, ...given }] of Object.entries(different)) {
    const theirs = await call(c.file, given);
    assert.deepEqual([theirs.status, theirs.file], expected, `C: ${what}`);
    const own = await call(ours, given);
    assert.deepEqual([own.status, own.file], better, `${what}\n${own.outcome.stderr}`);
  }
});

test('either program reads what the other has written', async () => {
  await using c = await cOcpasswd();
  const file = path.join(folder, 'shared');
  await mustRun([c.file, '-c', file, '-g', 'staff', 'alice'], { input: 'one\n' });
  await mustRun([ours, '-c', file, 'bob'], { input: 'two\n' });
  await mustRun([c.file, '-c', file, '-l', 'bob'], { input: '' });
  await mustRun([ours, '-c', file, '-l', 'alice']);
  await mustRun([c.file, '-c', file, '-u', 'alice'], { input: '' });
  const users = JSON.parse(await mustRun([ours, '-c', file, '--list', '--json'])) as unknown;
  assert.deepEqual(users, [
    { username: 'alice', groups: ['staff'], locked: false, hash: 'sha256' },
    { username: 'bob', groups: [], locked: true, hash: 'yescrypt' },
  ]);
});

test('owner and mode stay, a link stays a link', async () => {
  const file = path.join(folder, 'owned');
  const link = path.join(folder, 'link');
  await writeFile(file, start);
  await chmod(file, 0o640);
  await chown(file, 65_534, 65_534);
  await symlink('owned', link);
  for (const args of [['alice'], ['-l', 'alice'], ['-d', 'alice']]) {
    await mustRun([ours, '-c', link, ...args], { input: 'x\n' });
    const { uid, gid, mode } = await stat(file);
    assert.deepEqual([uid, gid, mode & 0o7777], [65_534, 65_534, 0o640]);
  }
  assert.equal(await mustRun(['readlink', link]), 'owned\n');
});

test('a user who may not write is told so', async () => {
  const own = path.join(folder, 'readable');
  await writeFile(own, start, { mode: 0o644 });
  await chmod(folder, 0o755);
  const outcome = await run(asNobody(folder, 'ocpasswd', ['-c', own, 'alice']), { input: 'x\n' });
  assert.deepEqual(
    [outcome.status, outcome.stderr],
    [1, `ocpasswd: Cannot open '${own}.tmp' for writing.\nhint: permission denied\n`],
  );
  assert.equal(await readFile(own, 'utf8'), start);
});

test('two hundred writers at once lose no entry, nor does one that is killed', async () => {
  const file = path.join(folder, 'crowd');
  await copyFile('/dev/null', file);
  const writers = Array.from({ length: 200 }, (_, index) => `user${String(index)}`);
  const cheap = ['--hash', 'sha256', '--stdin'];
  // The shell starts them without waiting; one more is ended in the middle of it all.
  const script = `
    ocpasswd() { echo pw | exec "$OCPASSWD" -c "$FILE" ${cheap.join(' ')} "$1" 2>&1; }
    ocpasswd victim & victim=$!
    for user in "$@"; do ocpasswd "$user" & pids="$pids $!"; done
    kill -KILL $victim
    failed=0; for pid in $pids; do wait $pid || failed=$((failed + 1)); done; echo "$failed failed"`;
  const { stdout } = await run(['bash', '-c', script, 'crowd', ...writers], {
    env: { ...process.env, OCPASSWD: ours, FILE: file },
    timeoutMs: 180_000,
  });
  assert.equal(stdout, '0 failed\n');
  const listed = JSON.parse(await mustRun([ours, '-c', file, '--list', '--json'])) as { username: string }[];
  const names = listed.map(({ username }) => username).filter((name) => name !== 'victim');
  assert.deepEqual(names.sort(), writers.sort());
});
