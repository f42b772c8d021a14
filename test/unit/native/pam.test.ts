// The helper program against the machine's own libpam, without root: a service that does not exist refuses everybody.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pamProblem, startPam, type PamReport, type PamTask } from '../../../core/native/index.ts';

async function converse(task: PamTask, answer = 'planted-wrong'): Promise<PamReport[]> {
  const reports: PamReport[] = [];
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  const process = startPam(task, (report) => {
    reports.push(report);
    if (report.kind === 'question') process.answer(answer);
    if (report.kind === 'end' || report.kind === 'lost') resolve();
  });
  // The process may be gone before its last words have been read.
  await ended;
  await process.gone;
  return reports;
}
const login: PamTask = {
  kind: 'login',
  service: 'no-such-service-of-ours',
  user: 'nobody-we-know',
  remoteAddress: '192.0.2.1',
};

test('text with a NUL is refused before anything is sent', () => {
  assert.throws(() => startPam({ ...login, user: 'a\0b' }, () => {}), /no text with a NUL/);
});

test('libpam is found', () => {
  assert.equal(pamProblem(), undefined);
});

test('an unknown user of an unknown service is refused with a code and words, and the process ends', async () => {
  for (const kind of ['login', 'account'] as const) {
    const reports = await converse({ ...login, kind });
    const end = reports.at(-1);
    assert.ok(end?.kind === 'end', JSON.stringify(reports));
    assert.ok(end.code > 0);
    assert.notEqual(end.text, '');
    assert.deepEqual([end.user, end.groups], ['', []]);
  }
});

test('groups are listed from the lowest id on', async () => {
  const [all] = await converse({ kind: 'groups', lowestGid: 0 });
  assert.ok(all?.kind === 'end' && all.code === 0);
  assert.ok(all.groups.includes('root'));
  const [some] = await converse({ kind: 'groups', lowestGid: 1 });
  assert.ok(some?.kind === 'end');
  assert.ok(!some.groups.includes('root'));
  const [none] = await converse({ kind: 'groups', lowestGid: 4_294_967_290 });
  assert.ok(none?.kind === 'end');
  assert.deepEqual(none.groups, []);
});

test('a conversation that is closed says nothing more, and its process goes away', async () => {
  const reports: PamReport[] = [];
  const process = startPam(login, (report) => void reports.push(report));
  process.close();
  process.close();
  await process.gone;
  assert.deepEqual(reports, []);
});

test('helpers side by side end as soon as their own input does, whatever else is open here', async () => {
  const reports = await Promise.all(
    Array.from({ length: 10 }, () => converse({ kind: 'groups', lowestGid: 0 })),
  );
  assert.equal(reports.filter(([end]) => end?.kind === 'end').length, 10);
});
