// The sandbox of a worker, tried with a real process that keeps the engine busy inside it, with one that looks for
// secrets, and on the workers of a running server.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import {
  chmodSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import test from 'node:test';
import { forbidRings } from '../../core/native/index.ts';
import { mustRun, run } from '../support/command.ts';
import { createNetwork } from '../support/namespace.ts';
import { Site } from '../support/site.ts';

const account = 65_534;
const fixture = path.join(import.meta.dirname, 'fixtures/sandboxed-process.ts');
const secretReader = path.join(import.meta.dirname, 'fixtures/secret-reader.ts');

interface Report {
  missing: string[];
  refusals: Record<string, string>;
  rounds: number;
  echoed: number;
}

/** Field of /proc/PID/task/TID/status. */
function field(status: string, name: string): string {
  return new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(status)?.[1]?.trim() ?? '';
}

function threads(pid: number): string[] {
  return readdirSync(`/proc/${pid}/task`).map((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/status`, 'utf8'),
  );
}

test(
  'a process in the sandbox works on, has no rights in any thread, and is refused everything new',
  { skip: process.getuid?.() !== 0 && 'needs root', timeout: 60_000 },
  async () => {
    forbidRings();
    const child = spawn(process.execPath, [fixture, String(account), String(account)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const lines: string[] = [];
    for await (const line of createInterface({ input: child.stdout })) {
      lines.push(line);
      if (line !== 'ready') continue;
      const all = threads(child.pid ?? 0);
      assert.ok(all.length > 5, 'the engine has threads');
      for (const status of all) {
        assert.equal(field(status, 'Uid'), [account, account, account, account].join('\t'));
        assert.equal(field(status, 'Groups'), String(account));
        for (const set of ['CapPrm', 'CapEff', 'CapInh', 'CapAmb']) assert.match(field(status, set), /^0+$/);
        assert.equal(field(status, 'NoNewPrivs'), '1');
        assert.equal(field(status, 'Seccomp'), '2');
      }
    }
    const report = JSON.parse(lines[1] ?? '{}') as Report;
    assert.deepEqual(
      report.missing.filter((entry) => !entry.startsWith('Landlock')),
      [],
    );
    for (const [attempt, outcome] of Object.entries(report.refusals))
      assert.match(outcome, /^(EPERM|EACCES)$/, attempt);
    assert.equal(Object.keys(report.refusals).length, 10);
    assert.ok(report.rounds > 3);
    assert.equal(report.echoed, 2 << 20);
  },
);

test(
  'a process in the sandbox ends with its parent when it asked for that before',
  { skip: process.getuid?.() !== 0 && 'needs root', timeout: 60_000 },
  async () => {
    const parent = spawn(
      'sh',
      ['-c', '"$0" "$@" & echo $!; wait', process.execPath, fixture, String(account), String(account)],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const lines: string[] = [];
    for await (const line of createInterface({ input: parent.stdout })) {
      lines.push(line);
      if (line === 'ready') parent.kill('SIGKILL');
    }
    assert.match(lines[0] ?? '', /^\d+$/);
    assert.deepEqual(lines.slice(1), ['ready'], 'it had no time to report');
  },
);

/** What of another process would give away its secrets. */
function memoryOf(pid: number): string[] {
  return ['mem', 'environ', 'maps', 'fd', 'root', 'cwd'].map((name) => `/proc/${String(pid)}/${name}`);
}

for (const filter of ['filter', 'no filter']) {
  test(
    `a process in the sandbox with ${filter} opens no secret and nothing of its parent, on no thread`,
    { skip: process.getuid?.() !== 0 && 'needs root', timeout: 60_000 },
    async () => {
      const folder = mkdtempSync(path.join(tmpdir(), 'ocserv-secrets-'));
      try {
        // Everybody may enter: the files must be protected by themselves.
        chmodSync(folder, 0o755);
        const secrets = ['server-key.pem', 'passwd'].map((name) => path.join(folder, name));
        for (const file of secrets) writeFileSync(file, 'secret', { mode: 0o600 });
        const open = path.join(folder, 'public');
        writeFileSync(open, 'for everybody', { mode: 0o644 });
        const targets = [...secrets, ...memoryOf(process.pid)];
        const ids = [String(account), String(account)];
        const outcomes = JSON.parse(
          await mustRun([process.execPath, secretReader, ...ids, filter, ...targets, open]),
        ) as Record<string, string[]>;
        for (const target of targets) {
          for (const outcome of outcomes[target] ?? ['not tried'])
            assert.match(outcome, /^(EPERM|EACCES)$/, target);
        }
        // What the file's mode allows, the filter alone refuses on every thread.
        if (filter === 'filter') assert.deepEqual(outcomes[open], ['EPERM', 'EPERM']);
        else assert.equal(outcomes[open]?.[1], 'opened');
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  );
}

for (const [title, config] of [
  ['without a word about it', ''],
  ['isolate-workers = true', 'isolate-workers = true'],
  ['isolate-workers = false', 'isolate-workers = false'],
] as const) {
  test(
    `workers of a server (${title}) run as their account without rights, and it reads no secret`,
    { skip: process.getuid?.() !== 0 && 'needs root', timeout: 60_000 },
    async () => {
      await using network = await createNetwork();
      await using site = await Site.create({
        namespace: network.server,
        config,
        without: ['isolate-workers'],
      });
      await site.start();
      chmodSync(site.folder, 0o755);
      const main = await site.pidFile();
      const [secmod] = await site.children('ocserv-sm');
      const workers = await site.children('ocserv-worker');
      assert.ok(secmod !== undefined && workers.length > 0, site.log());
      // The one against rings, and what the test itself may run under.
      const inherited = Number(field(threads(main)[0] ?? '', 'Seccomp_filters'));
      for (const worker of workers) {
        assert.equal((await mustRun(['ps', '-o', 'user=', '-p', String(worker)])).trim(), 'nobody');
        for (const status of threads(worker)) {
          assert.equal(field(status, 'Uid'), [account, account, account, account].join('\t'));
          assert.equal(field(status, 'Gid'), [account, account, account, account].join('\t'));
          assert.equal(field(status, 'Groups'), String(account));
          for (const set of ['CapPrm', 'CapEff', 'CapInh', 'CapAmb'])
            assert.match(field(status, set), /^0+$/);
          assert.equal(field(status, 'NoNewPrivs'), '1');
          assert.equal(Number(field(status, 'Seccomp_filters')), inherited + 1);
        }
        const descriptors = readdirSync(`/proc/${worker}/fd`).map((fd) =>
          readlinkSync(`/proc/${worker}/fd/${fd}`),
        );
        assert.deepEqual(
          descriptors.filter((target) => target.startsWith(site.folder)),
          [],
          'no file of the server is open in a worker',
        );
      }
      // Another process with the account of the workers, and without their other walls.
      const asWorker = ['setpriv', `--reuid=${account}`, `--regid=${account}`, '--clear-groups'];
      const secrets = ['server-key.pem', 'passwd', 'ocserv.conf', 'state'].map((name) =>
        path.join(site.folder, name),
      );
      for (const file of [...secrets, ...memoryOf(main), ...memoryOf(secmod), ...memoryOf(workers[0] ?? 0)]) {
        // A trailing slash follows the links among them.
        const target = /\/(root|cwd)$/.test(file) ? `${file}/` : file;
        const reading = /\/(root\/|cwd\/|fd|state)$/.test(target)
          ? ['ls', target]
          : ['head', '-c', '1', target];
        const { status, stderr } = await run([...asWorker, ...reading]);
        assert.match(stderr, /Permission denied/, file);
        assert.notEqual(status, 0, file);
      }
    },
  );
}
