import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { collectWhenQuiet } from '../../../core/system/index.ts';

const garbage = (): unknown => Array.from({ length: 200_000 }, (_, index) => ({ index }));

test('memory is given back once, when a burst of work is over', () => {
  mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  try {
    let released = 0;
    const quiet = collectWhenQuiet(() => (released += 1));
    mock.timers.tick(60_000);
    assert.equal(released, 0, 'nothing was done');
    quiet.note();
    mock.timers.tick(3_000);
    quiet.note();
    mock.timers.tick(3_000);
    assert.equal(released, 0, 'the burst goes on');
    mock.timers.tick(1_500);
    assert.equal(released, 1);
    mock.timers.tick(60_000);
    assert.equal(released, 1);
  } finally {
    mock.timers.reset();
  }
});

test('a trickle of work does not cause a collection each time, nor does work that left nothing behind', () => {
  mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  try {
    let released = 0;
    const quiet = collectWhenQuiet(() => (released += 1));
    let kept = garbage();
    quiet.note();
    mock.timers.tick(5_000);
    assert.equal(released, 1);
    kept = [kept, garbage()];
    quiet.note();
    mock.timers.tick(10_000);
    assert.equal(released, 1, 'too soon after the first');
    mock.timers.tick(20_000);
    assert.equal(released, 2);
    assert.ok(kept);
    quiet.note();
    mock.timers.tick(60_000);
    assert.equal(released, 2, 'nothing has grown');
  } finally {
    mock.timers.reset();
  }
});

test('garbage is really collected', async () => {
  const finalised = Promise.withResolvers<string>();
  const registry = new FinalizationRegistry((name: string) => {
    finalised.resolve(name);
  });
  mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  try {
    const quiet = collectWhenQuiet();
    registry.register({ some: 'garbage' }, 'garbage');
    quiet.note();
    mock.timers.tick(5_000);
  } finally {
    mock.timers.reset();
  }
  assert.equal(await finalised.promise, 'garbage');
});
