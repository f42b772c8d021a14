import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  authenticatorDescription,
  authenticatorErrors,
  type AuthenticatorMethods,
} from '../../../core/interfaces/index.ts';
import {
  serve,
  VarlinkError,
  type Handlers,
  type Transport,
  type TransportEvents,
} from '../../../core/varlink/index.ts';
import { AttachedAuthenticator } from '../../../core/worker/authenticator.ts';

/** Two ends in memory. */
function pair(): [Transport, Transport] {
  const events: (TransportEvents | undefined)[] = [];
  const end = (mine: number): Transport => ({
    open: (given) => void (events[mine] = given),
    send: (bytes) => void queueMicrotask(() => events[1 - mine]?.onData(bytes, [])),
    pendingBytes: 0,
    close: () => void queueMicrotask(() => events[1 - mine]?.onClose(undefined)),
  });
  return [end(0), end(1)];
}

function securityModule(): [Transport, { close(): void }] {
  const [here, there] = pair();
  const handlers: Handlers<AuthenticatorMethods> = {
    PresentCertificate: ({ vhost }) => {
      if (vhost !== 'default') throw new VarlinkError(authenticatorErrors.CertificateRefused);
      return { username: 'carol', groups: ['staff'] };
    },
    Start: () => ({ step: { outcome: 'ask', context: 'c' } }),
    Continue: ({ context }) => {
      throw new VarlinkError(authenticatorErrors.UnknownContext, { context });
    },
    CheckCookie: ({ cookie }) => ({ isValid: cookie === 'good' }),
    ReadProfile: () => ({}),
    Abandon: () => ({}),
    ListGroups: () => ({ groups: ['dev'] }),
    Sign: ({ input }) => ({ signature: input }),
  };
  return [here, serve<AuthenticatorMethods>(there, authenticatorDescription, handlers, { serials: true })];
}

const login = {
  ticket: 't',
  vhost: 'default',
  method: 0,
  credentials: { username: 'a', password: 'b' },
};

test('calls wait for a security module that is being restarted', async () => {
  const authenticator = new AttachedAuthenticator();
  const waiting = [
    authenticator.start(login, 1000),
    authenticator.sign('k', 0x804, Buffer.from('in')),
  ] as const;
  const [transport] = securityModule();
  authenticator.attach(transport, () => undefined);
  assert.deepEqual(await waiting[0], { name: 'stepped', step: { outcome: 'ask', context: 'c' } });
  assert.equal((await waiting[1]).toString(), 'in');
});

test('a login the security module has forgotten is told apart from one without an answer', async () => {
  const authenticator = new AttachedAuthenticator();
  const [transport] = securityModule();
  authenticator.attach(transport, () => undefined);
  const reply = await authenticator.continue({ ticket: 't', context: 'c', answer: 'x' }, 1000);
  assert.deepEqual(reply, { name: 'contextLost' });
  const [silent, far] = pair();
  far.open({ onData: () => far.close(), onClose: () => undefined });
  authenticator.attach(silent, () => undefined);
  assert.deepEqual(await authenticator.start(login, 1000), { name: 'unavailable' });
});

test('a certificate is what the security module makes of it, and nothing if it is refused', async () => {
  const authenticator = new AttachedAuthenticator();
  const [transport] = securityModule();
  authenticator.attach(transport, () => undefined);
  const presented = { ticket: 't', vhost: 'default', handshake: 'AA==' };
  assert.deepEqual(await authenticator.present(presented), { username: 'carol', groups: ['staff'] });
  assert.equal(await authenticator.present({ ...presented, vhost: 'other' }), undefined);
});
