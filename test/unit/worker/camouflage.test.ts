import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { Camouflage } from '../../../core/worker/camouflage.ts';
import type { HttpRequest } from '../../../core/worker/http-front.ts';

const secretSha256 = createHash('sha256').update('geheim').digest('hex');
const good = Buffer.alloc(32, 1).toString('base64');
const bad = Buffer.alloc(32, 2).toString('base64');

function open(): {
  admit: (target: string, cookie?: string) => Promise<string | undefined>;
  up: () => boolean;
  asked: string[];
} {
  const asked: string[] = [];
  const camouflage = new Camouflage({ secretSha256, realm: 'r' }, (cookie) => {
    asked.push(cookie);
    return Promise.resolve(cookie === good);
  });
  const admit = async (target: string, cookie?: string): Promise<string | undefined> => {
    const header = (name: string): string | undefined => (name === 'cookie' ? cookie : undefined);
    const request: HttpRequest = { method: 'GET', target, minorVersion: 1, header, body: Buffer.alloc(0) };
    return (await camouflage.admit(request))?.target;
  };
  return { admit, up: () => camouflage.isUp, asked };
}

test('the secret is asked for once on a connection', async () => {
  const { admit, up, asked } = open();
  for (const target of ['/', '/auth', '/?wrong', '/?geheim2', '/?GEHEIM', '/geheim']) {
    assert.equal(await admit(target), undefined, target);
  }
  assert.ok(up());
  assert.equal(await admit('/?geheim'), '/');
  assert.equal(await admit('/auth'), '/auth');
  assert.ok(!up());
  assert.deepEqual(asked, []);
});

test('a cookie stands for it if it is valid; one that only looks like it does not', async () => {
  const { admit, asked } = open();
  assert.equal(await admit('/', 'webvpn=nonsense'), undefined);
  assert.equal(await admit('/', `webvpn=${bad}`), undefined);
  assert.equal(await admit('/profiles/x', `webvpn=${good}`), '/profiles/x');
  assert.deepEqual(asked, [bad, good]);
});

test('a rule of HTTP broken in camouflage is answered like anywhere, later not at all', async () => {
  const camouflage = new Camouflage({ secretSha256 }, () => Promise.resolve(false));
  assert.match(camouflage.lastWords('malformed request: x')?.toString() ?? '', /^HTTP\/1\.1 400 Bad Request/);
  assert.match(camouflage.lastWords('pipelined request')?.toString() ?? '', /^HTTP\/1\.1 404 Not Found/);
  assert.equal(camouflage.lastWords('slow request'), undefined);
  const without = new Camouflage(undefined, () => Promise.resolve(false));
  assert.ok(!without.isUp);
  assert.equal(without.lastWords('malformed request: x'), undefined);
});
