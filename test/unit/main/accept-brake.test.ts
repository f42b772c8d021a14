import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AcceptBrake } from '../../../core/main/accept-brake.ts';

function brake(pauseMs: number, backlog: () => Promise<number>) {
  const done: string[] = [];
  const made = new AcceptBrake({
    pauseMs: () => pauseMs,
    backlog: () => {
      done.push('asked');
      return backlog();
    },
    pause: () => done.push('pause'),
    resume: () => done.push('resume'),
    log: (text) => done.push(text),
  });
  return { made, done };
}

const line = 'the security module is behind with its work; accepting pauses 5 ms';

test('0 turns it off; a short backlog does nothing', async () => {
  const off = brake(0, () => Promise.resolve(1000));
  await off.made.accepted();
  assert.deepEqual(off.done, []);
  const calm = brake(5, () => Promise.resolve(32));
  await calm.made.accepted();
  assert.deepEqual(calm.done, ['asked']);
});

test('a backlog over half full, or none that is told, pauses accepting once', async () => {
  const full = brake(5, () => Promise.resolve(33));
  await Promise.all([full.made.accepted(), full.made.accepted()]);
  assert.deepEqual(full.done, ['asked', line, 'pause', 'resume']);
  const silent = brake(5, () => Promise.reject(new Error('no answer')));
  await silent.made.accepted();
  assert.deepEqual(silent.done, ['asked', line, 'pause', 'resume']);
});
