// The sandbox of a worker, tried with a real process that keeps the engine busy inside it.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import test from 'node:test';
import { forbidRings } from '../../core/native/index.ts';

const account = 65_534;
const fixture = path.join(import.meta.dirname, 'fixtures/sandboxed-process.ts');

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
