// The four built programs, called wrongly and with output that goes nowhere: whole standard error and exit status.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test, { after } from 'node:test';

const bin = path.resolve(import.meta.dirname, '../../../bin');
const folder = mkdtempSync(path.join(tmpdir(), 'ocserv-programs-'));
const emptyFile = path.join(folder, 'passwd');
writeFileSync(emptyFile, '');
after(() => {
  rmSync(folder, { recursive: true });
});

function call(program: string, args: readonly string[], shell?: string) {
  const command = path.join(bin, program);
  const [file, given] = shell === undefined ? [command, args] : ['bash', ['-c', shell, command, ...args]];
  const { status, stdout, stderr } = spawnSync(file, given, { input: '', encoding: 'utf8', timeout: 30_000 });
  return { status, stdout, stderr };
}

const wrong: readonly (readonly [
  program: string,
  args: readonly string[],
  status: number,
  complaint: string,
])[] = [
  ['ocserv', ['--nonsense'], 1, 'unknown option "--nonsense"'],
  ['ocserv', ['-c'], 1, 'option --config needs a value'],
  ['ocpasswd', [], 1, 'missing USERNAME'],
  ['ocpasswd', ['alice', 'bob'], 1, 'unexpected argument "bob"'],
  ['ocpasswd', ['-d', '-l', 'alice'], 1, '--lock and --delete cannot be used together'],
  ['ocpasswd', ['-c', 'a', '-c', 'b', 'alice'], 1, 'option --passwd can be given only once'],
  ['ocpasswd', ['-z', 'alice'], 1, 'unknown option "-z"'],
  ['occtl', ['-z'], 1, 'unknown option "-z"'],
  ['occtl', ['-s'], 1, 'option --socket-file (-s) needs a file name'],
  ['occert', [], 2, 'a command is missing'],
  ['occert', ['--nonsense'], 2, 'unknown option "--nonsense"'],
  ['occert', ['nonsense'], 2, 'unknown command "nonsense"'],
  ['occert', ['ca'], 2, 'option --cn is required'],
  ['occert', ['ca', '--cn'], 2, 'option --cn needs a value'],
  ['occert', ['server'], 2, 'missing NAME'],
  ['occert', ['client', 'a', 'b'], 2, 'unexpected argument "b"'],
  ['occert', ['client', 'a', '--days', 'x'], 2, 'option --days: expected an integer but received: x'],
  [
    'occert',
    ['client', 'a', '--key-type', 'dsa'],
    2,
    'expected --key-type=dsa to be one of: ecdsa, rsa, ed25519, rsa-pss',
  ],
];

for (const [program, args, status, complaint] of wrong) {
  test(`${[program, ...args].join(' ')} is refused with one sentence and a hint`, () => {
    assert.deepEqual(call(program, args), {
      status,
      stdout: '',
      stderr: `${program}: ${complaint}\nhint: see "${program} --help"\n`,
    });
  });
}

const refused: readonly (readonly [
  program: string,
  args: readonly string[],
  status: number,
  stderr: string,
])[] = [
  ['ocserv', ['extra'], 1, 'error: no additional command line options are allowed\n'],
  [
    'ocserv',
    ['--syslog-facility', 'mail', '-t'],
    1,
    'error: unknown syslog facility: mail; expected one of daemon, user, auth, authpriv, local0, local1, local2, local3, local4, local5, local6, local7\n',
  ],
  [
    'ocpasswd',
    ['-c', '/no/such/passwd', '-l', 'alice'],
    1,
    "ocpasswd: Cannot open '/no/such/passwd' for reading.\nhint: no such file or directory\n",
  ],
  [
    'ocpasswd',
    ['-c', emptyFile, '-d', 'alice'],
    0,
    `ocpasswd: there is no user "alice" in ${emptyFile}; nothing was changed\n`,
  ],
  ['ocpasswd', ['-c', '/no/such/passwd', 'alice'], 1, 'ocpasswd: Please specify a password\n'],
  [
    'occtl',
    ['-s', '/no/such/socket', '-j', 'show', 'users'],
    1,
    "error connecting to ocserv socket '/no/such/socket': No such file or directory\n",
  ],
  ['occtl', ['dance'], 1, 'unknown command: dance\nsee "occtl --help" for the list of commands\n'],
  ['occtl', ['show', 'user'], 1, '    show user NAME\t        One user\n'],
  ['occtl', ['-j'], 1, ''],
  ['occtl', [''], 1, ''],
  ['occtl', ['reset'], 0, ''],
  ['occtl', ['exit'], 0, ''],
  [
    'occert',
    ['p12', 'alice', '--dir', '/no/such/folder', '--password-file', '/no/such/file'],
    1,
    'occert: cannot use /no/such/file: no such file or directory\n',
  ],
];

for (const [program, args, status, stderr] of refused) {
  test(`${[program, ...args].join(' ')} says why and ends with ${String(status)}`, () => {
    const outcome = call(program, args);
    assert.equal(outcome.stdout, '');
    assert.ok(outcome.stderr.startsWith(stderr) && (stderr !== '' || outcome.stderr === ''), outcome.stderr);
    assert.equal(outcome.status, status);
  });
}

for (const [program, stream] of [
  ['ocserv', 'stderr'],
  ['ocpasswd', 'stderr'],
  ['occtl', 'stdout'],
  ['occert', 'stdout'],
] as const) {
  test(`${program} --help and -h print the same on ${stream}, with the whole description`, () => {
    const long = call(program, ['--help']);
    assert.equal(long.status, 0);
    assert.equal(long[stream === 'stdout' ? 'stderr' : 'stdout'], '');
    assert.doesNotMatch(long[stream], /\u001b/);
    assert.match(long[stream], program === 'ocserv' ? /Signals: HUP/ : /^[A-Z]/);
    assert.deepEqual(call(program, ['-h']), long);
  });

  test(`${program} --help | head -1 ends quietly`, () => {
    const redirect = stream === 'stdout' ? '' : '2>&1 >/dev/null';
    const { stdout, stderr } = call(
      program,
      ['--help'],
      `"$0" "$@" ${redirect} | { head -1 >/dev/null; }; echo "\${PIPESTATUS[0]}"`,
    );
    assert.deepEqual({ stdout, stderr }, { stdout: '0\n', stderr: '' });
  });
}

test('output that cannot be written is one sentence', () => {
  const { status, stderr } = call('occtl', ['--help'], '"$0" "$@" > /dev/full');
  assert.equal(stderr, 'occtl: cannot write the output: no space left on device\n');
  assert.equal(status, 1);
});

test('closed standard streams do no harm', () => {
  for (const closed of ['<&-', '<&- >&-', '<&- >&- 2>&-']) {
    const { status } = call('occtl', ['-s', '/no/such/socket', 'show', 'users'], `"$0" "$@" ${closed}`);
    assert.equal(status, 1, closed);
  }
});

test('options may be shortened and stand together as getopt allows', () => {
  const version = call('ocserv', ['--version']);
  assert.match(version.stderr, /^OpenConnect VPN Server \S+\n/);
  for (const args of [['-v'], ['-fv'], ['--vers'], ['-f', '-e', '-v']])
    assert.deepEqual(call('ocserv', args), version, args.join(' '));
  assert.match(call('ocserv', ['--test', '--conf', '/no/such.conf']).stderr, /cannot access config file/);
  assert.match(call('ocpasswd', ['--group', 'a', '--pass', '/no/such', '-l', 'x']).stderr, /Cannot open/);
});

test('the long options that may be shortened are those of the commands', async () => {
  const { longOptions } = await import('../../../commands/base/program.ts');
  for (const program of ['ocserv', 'ocpasswd']) {
    const { default: command } = (await import(`../../../commands/${program}/index.ts`)) as {
      default: { flags: Record<string, unknown> };
    };
    assert.deepEqual([...(longOptions[program] ?? [])].sort(), Object.keys(command.flags).sort());
  }
});
