// A door over the addon's sockets: descriptors reach the call or reply they were sent with, under load, and none leaks.
import assert from 'node:assert/strict';
import { closeSync, openSync, readdirSync, readlinkSync } from 'node:fs';
import { test } from 'node:test';
import { workerDescription, type WorkerMethods } from '../../../core/interfaces/index.ts';
import { closeDescriptor, openDescriptorStream, socketPair } from '../../../core/native/index.ts';
import {
  createClient,
  descriptorTransport,
  serve,
  withDescriptors,
  type Handlers,
} from '../../../core/varlink/index.ts';

const targetOf = (descriptor: number | undefined): string =>
  readlinkSync(`/proc/self/fd/${descriptor ?? -1}`);
const openCount = (): number => readdirSync('/proc/self/fd').length;

test('a thousand calls, a hundred at a time, with descriptors in both directions keep each with its message', async () => {
  const [near, far] = socketPair();
  const broken: string[] = [];
  const handlers: Pick<Handlers<WorkerMethods>, 'Serve' | 'ListCounters' | 'AttachAuthenticator'> = {
    Serve: (_parameters, call) => {
      const descriptor = call.takeDescriptor();
      if (targetOf(descriptor) !== '/dev/null') throw new Error(`got ${targetOf(descriptor)}`);
      closeSync(descriptor ?? -1);
      return {};
    },
    ListCounters: () => withDescriptors({ counters: [] }, [openSync('/dev/zero', 'r')]),
    // Takes none of those it is sent.
    AttachAuthenticator: () => ({}),
  };
  serve<WorkerMethods>(
    descriptorTransport(near, openDescriptorStream),
    workerDescription,
    handlers as Handlers<WorkerMethods>,
    {
      serials: true,
      closeDescriptor,
      onViolation: (violation) => broken.push(violation.message),
      onInternalError: (_method, error) => broken.push(String(error)),
    },
  );
  const client = createClient<WorkerMethods>(
    descriptorTransport(far, openDescriptorStream),
    workerDescription,
    { serials: true, closeDescriptor, onViolation: (violation) => broken.push(violation.message) },
  );
  const connection = {
    id: 1,
    ticket: 't'.repeat(300),
    remoteAddress: '192.0.2.1',
    remotePort: 1,
    localAddress: '192.0.2.2',
    localPort: 443,
    acceptedAt: 1,
  };
  const nothing = openSync('/dev/null', 'r');
  const before = openCount();
  // Descriptors under way count against RLIMIT_NOFILE, hence the rounds.
  for (let round = 0; round < 10; round += 1) {
    await Promise.all(
      Array.from({ length: 100 }, async (_, index) => {
        if (index % 3 === 0) {
          await client.call('Serve', { connection }, { descriptors: [nothing] });
        } else if (index % 3 === 1) {
          const { descriptors } = await client.call('ListCounters', {});
          assert.deepEqual(descriptors.map(targetOf), ['/dev/zero']);
          for (const descriptor of descriptors) closeSync(descriptor);
        } else {
          await client.call('AttachAuthenticator', {}, { descriptors: [nothing, nothing] });
        }
      }),
    );
  }
  assert.deepEqual(broken, []);
  assert.equal(openCount(), before);
  client.close();
  await client.closed;
  closeSync(nothing);
});
