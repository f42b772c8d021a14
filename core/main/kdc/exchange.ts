// One question to one KDC (RFC 4120, 7.2): over UDP, sent again while no answer comes; over TCP, each message behind four
// bytes of its length. Called by broker.ts. What a KDC answers is passed on unread.
import { createSocket } from 'node:dgram';
import { connect, isIPv6 } from 'node:net';
import { maxKerberosReplyBytes } from '../../protocol/index.ts';

export type KdcStep = 'connect' | 'send' | 'receive';

/** The KDC did not answer, and how far it came. */
export class KdcError extends Error {
  readonly step: KdcStep;

  constructor(step: KdcStep, reason: string) {
    super(reason);
    this.step = step;
  }
}

export interface KdcAddress {
  readonly protocol: 'udp' | 'tcp';
  readonly address: string;
  readonly port: number;
}

/** A lost datagram costs a second; the KDC recognises what it has answered already. */
const firstRepeatMs = 1000;
const lengthBytes = 4;

/** Rejects with a KdcError; when the signal is aborted, too, and leaves no socket behind then. */
export function askKdc(kdc: KdcAddress, request: Buffer, signal: AbortSignal): Promise<Buffer> {
  return kdc.protocol === 'udp' ? askByDatagram(kdc, request, signal) : askByStream(kdc, request, signal);
}

function askByDatagram({ address, port }: KdcAddress, request: Buffer, signal: AbortSignal): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
  let step: KdcStep = 'connect';
  let repeat: NodeJS.Timeout | undefined;
  const fail = (reason: string): void => reject(new KdcError(step, reason));
  const send = (delayMs: number): void => {
    socket.send(request, (error) => {
      if (error !== null) return fail(error.message);
      step = 'receive';
      repeat = setTimeout(() => send(delayMs * 2), delayMs);
    });
  };
  const abort = (): void => fail('no answer in time');
  signal.addEventListener('abort', abort);
  // Connected: the kernel lets pass what comes from the KDC alone, and says when there is none.
  socket.once('connect', () => {
    step = 'send';
    send(firstRepeatMs);
  });
  socket.on('message', (reply) => resolve(reply));
  socket.on('error', (error) => fail(error.message));
  if (signal.aborted) abort();
  else socket.connect(port, address);
  return promise.finally(() => {
    signal.removeEventListener('abort', abort);
    socket.removeAllListeners().on('error', () => undefined);
    socket.close();
    clearTimeout(repeat);
  });
}

function askByStream({ address, port }: KdcAddress, request: Buffer, signal: AbortSignal): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const socket = connect({ port, host: address });
  let step: KdcStep = 'connect';
  let received = Buffer.alloc(0);
  const fail = (reason: string): void => reject(new KdcError(step, reason));
  const abort = (): void => fail('no answer in time');
  signal.addEventListener('abort', abort);
  socket.once('connect', () => {
    step = 'send';
    const length = Buffer.alloc(lengthBytes);
    length.writeUInt32BE(request.length);
    socket.write(Buffer.concat([length, request]), () => {
      step = 'receive';
    });
  });
  socket.on('data', (bytes: Buffer) => {
    step = 'receive';
    received = Buffer.concat([received, bytes]);
    if (received.length < lengthBytes) return;
    const length = received.readUInt32BE(0);
    if (length === 0 || length > maxKerberosReplyBytes) {
      return fail(`an answer of ${String(length)} bytes is announced`);
    }
    if (received.length >= lengthBytes + length) {
      resolve(received.subarray(lengthBytes, lengthBytes + length));
    }
  });
  socket.on('end', () => fail('the KDC ended the connection before its answer'));
  socket.on('error', (error) => fail(error.message));
  if (signal.aborted) abort();
  return promise.finally(() => {
    signal.removeEventListener('abort', abort);
    socket.destroy();
  });
}
