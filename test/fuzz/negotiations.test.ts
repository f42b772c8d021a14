// Tokens of SPNEGO (RFC 4178) as a client may send them, to the real library behind the gssapi method: it refuses, in words
// fit for the log, and lives. Its only key is of this test; nobody has a ticket for it.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { acquireGssapiCredentials } from '../../core/native/index.ts';
import { authenticateValue, parseAuthorization } from '../../core/protocol/index.ts';
import { gssapiBackend } from '../../core/secmod/auth/gssapi.ts';
import { element } from '../support/der.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'ocserv-negotiations-'));
after(() => rmSync(folder, { recursive: true, force: true }));
// The machine's own settings are not looked at.
process.env['KRB5_CONFIG'] = '/dev/null';
process.env['KRB5RCACHENAME'] = 'none:';
writeFileSync(`${folder}/keytab`, keytab('VPN.TEST', ['HTTP', 'vpn.test']), { mode: 0o600 });

const ignore = (): void => undefined;
const backend = gssapiBackend({
  keytab: `${folder}/keytab`,
  requiresLocalUser: false,
  freshnessSeconds: undefined,
  lowestGid: 0,
  acquireGssapi: acquireGssapiCredentials,
  startPam: () => assert.fail('nobody is known whose groups could be asked for'),
  clock: { now: () => Date.now(), setTimer: () => ignore } as never,
  log: { error: ignore, warning: ignore, notice: ignore, info: ignore, debug: ignore },
});
const facts = {
  username: '',
  remoteAddress: '192.0.2.1',
  localAddress: '192.0.2.2',
  userAgent: undefined,
  sessionId: 's',
  hasCertificate: false,
};

/** The library came as far as trying its key on a ticket. */
let triedKeys = 0;

/** A conversation may go on for a few rounds, but comes to no good end. */
async function isRefused(tokens: readonly Buffer[]): Promise<void> {
  const conversation = backend.begin(facts);
  for (const token of tokens) {
    const reply = await conversation.answer(token.toString('base64'));
    if (reply.kind === 'prompted') {
      assert.match(authenticateValue('Negotiate', reply.token), /^Negotiate [A-Za-z0-9+/]+=*$/);
      continue;
    }
    assert.equal(reply.kind, 'rejected');
    if (reply.kind === 'rejected' && /found in keytab but cannot decrypt/.test(reply.reason)) triedKeys += 1;
    if (reply.kind === 'rejected') assert.match(reply.reason, /^[^\u0000-\u001f\u007f-\u009f'\\]{1,400}$/);
    return;
  }
}

/** File of one AES256 key, format 2 (MIT Kerberos, "The Kerberos keytab binary file format"). */
function keytab(realm: string, components: readonly string[]): Buffer {
  const number = (bytes: number, value: number): Buffer => {
    const buffer = Buffer.alloc(bytes);
    buffer.writeUIntBE(value, 0, bytes);
    return buffer;
  };
  const counted = (text: string | Buffer): Buffer =>
    Buffer.concat([number(2, Buffer.byteLength(text)), Buffer.from(text)]);
  const entry = Buffer.concat([
    ...[number(2, components.length), counted(realm), ...components.map(counted)],
    ...[number(4, 1), number(4, 0), number(1, 1), number(2, 18), counted(Buffer.alloc(32, 7))],
  ]);
  return Buffer.concat([number(2, 0x0502), number(4, entry.length), entry]);
}

const spnego = element(0x06, Buffer.from('2b0601050502', 'hex'));
const mechanisms = {
  kerberos: element(0x06, Buffer.from('2a864886f712010202', 'hex')),
  oldKerberos: element(0x06, Buffer.from('2a864882f712010202', 'hex')),
  iakerb: element(0x06, Buffer.from('2b0601050205', 'hex')),
  ntlm: element(0x06, Buffer.from('2b06010401823702020a', 'hex')),
  negoex: element(0x06, Buffer.from('2b06010401823702021e', 'hex')),
} as const;

const bytes = (maxLength: number) => fc.uint8Array({ maxLength }).map((array) => Buffer.from(array));
function mostly<T>(usual: fc.Arbitrary<T> | T, other: fc.Arbitrary<T>): fc.Arbitrary<T> {
  const first = usual instanceof fc.Arbitrary ? usual : fc.constant(usual);
  return fc.oneof({ arbitrary: first, weight: 4 }, { arbitrary: other, weight: 1 });
}
const mechanism = fc.oneof(
  fc.constantFrom(...Object.values(mechanisms)),
  bytes(20).map((content) => element(0x06, content)),
);
/** A ticket for our very service, sealed with another key; or anything. */
const ticket = bytes(80).map((sealed) =>
  element(
    0x61,
    element(
      0x30,
      element(0xa0, element(0x02, Buffer.from([5]))),
      element(0xa1, element(0x1b, Buffer.from('VPN.TEST'))),
      element(
        0xa2,
        element(
          0x30,
          element(0xa0, element(0x02, Buffer.from([1]))),
          element(
            0xa1,
            element(0x30, element(0x1b, Buffer.from('HTTP')), element(0x1b, Buffer.from('vpn.test'))),
          ),
        ),
      ),
      element(0xa3, encrypted(sealed)),
    ),
  ),
);
function encrypted(sealed: Buffer): Buffer {
  return element(
    0x30,
    element(0xa0, element(0x02, Buffer.from([18]))),
    element(0xa1, element(0x02, Buffer.from([1]))),
    element(0xa2, element(0x04, sealed)),
  );
}
const apRequest = fc
  .tuple(ticket, bytes(80), fc.constantFrom(0, 0x20, 0x60))
  .map(([inner, sealed, options]) =>
    element(
      0x6e,
      element(
        0x30,
        element(0xa0, element(0x02, Buffer.from([5]))),
        element(0xa1, element(0x02, Buffer.from([14]))),
        element(0xa2, element(0x03, Buffer.from([0, options, 0, 0, 0]))),
        element(0xa3, inner),
        element(0xa4, encrypted(sealed)),
      ),
    ),
  );
/** RFC 2743, 3.1 and RFC 4121, 4.1: mostly what a client with a foreign ticket would send. */
const kerberosToken = fc
  .tuple(
    mostly(mechanisms.kerberos, fc.constant(mechanisms.oldKerberos)),
    mostly(apRequest, bytes(60)),
    mostly(1, fc.nat(3)),
  )
  .map(([oid, inner, kind]) => element(0x60, oid, Buffer.from([kind, 0]), inner));
const init = fc
  .record({
    types: mostly([mechanisms.kerberos], fc.array(mechanism, { maxLength: 6 })),
    flags: mostly(null, bytes(4)),
    token: mostly(kerberosToken, fc.option(bytes(60))),
    mic: mostly(null, bytes(40)),
  })
  .map(({ types, flags, token, mic }) =>
    element(
      0x60,
      spnego,
      element(
        0xa0,
        element(
          0x30,
          element(0xa0, element(0x30, ...types)),
          ...(flags === null ? [] : [element(0xa1, element(0x03, flags))]),
          ...(token === null ? [] : [element(0xa2, element(0x04, token))]),
          ...(mic === null ? [] : [element(0xa3, element(0x04, mic))]),
        ),
      ),
    ),
  );
const response = fc
  .record({
    state: fc.nat(5),
    type: fc.option(mechanism),
    token: fc.option(kerberosToken),
    mic: fc.option(bytes(40)),
  })
  .map(({ state, type, token, mic }) =>
    element(
      0xa1,
      element(
        0x30,
        element(0xa0, element(0x0a, Buffer.from([state]))),
        ...(type === null ? [] : [element(0xa1, type)]),
        ...(token === null ? [] : [element(0xa2, element(0x04, token))]),
        ...(mic === null ? [] : [element(0xa3, element(0x04, mic))]),
      ),
    ),
  );

test('arbitrary bytes', async () => {
  const framed = bytes(100).map((content) => element(0x60, spnego, content));
  const token = fc.oneof(bytes(200), framed).filter(({ length }) => length > 0);
  await fc.assert(fc.asyncProperty(fc.array(token, { minLength: 1, maxLength: 5 }), isRefused), {
    numRuns: 1500,
  });
});

test('negotiations whose every field is somebody else’s', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(init, kerberosToken),
      fc.array(fc.oneof(response, init, kerberosToken), { maxLength: 4 }),
      (first, others) => isRefused([first, ...others]),
    ),
    { numRuns: 2000 },
  );
  assert.ok(triedKeys > 20, `only ${triedKeys} tickets were looked at`);
});

test('negotiations spoiled at a few places', async () => {
  const change = fc.tuple(fc.nat(), fc.oneof(fc.nat(255), fc.constantFrom(0x80, 0x84, 0xff, 0x30, 0xa0)));
  await fc.assert(
    fc.asyncProperty(
      init,
      fc.array(change, { minLength: 1, maxLength: 4 }),
      response,
      (first, changes, second) => {
        const spoiled = Buffer.from(first);
        for (const [at, value] of changes) spoiled[at % spoiled.length] = value;
        return isRefused([spoiled, second]);
      },
    ),
    { numRuns: 2000 },
  );
});

test('headers: what is no base64 is no token, and the rest reaches the library as it stands', async () => {
  const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 80 }), fc.base64String({ maxLength: 80 }));
  await fc.assert(
    fc.asyncProperty(text, async (value) => {
      const { scheme, token } = parseAuthorization(`Negotiate ${value}`) ?? {};
      assert.equal(scheme, 'negotiate');
      assert.equal(token, value.replace(/^[ \t]+|[ \t]+$/g, ''));
      const reply = await backend.begin(facts).answer(token ?? '');
      assert.equal(reply.kind, 'rejected');
      const isBase64 = /^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2,3}={1,2})?$/.test(token ?? '') && token !== '';
      if (reply.kind === 'rejected' && !isBase64) assert.equal(reply.reason, 'not a token');
    }),
    { numRuns: 1000 },
  );
});
