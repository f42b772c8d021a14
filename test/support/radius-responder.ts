// A UDP responder that answers RADIUS requests as a test wants it to: rightly, wrongly, late or not at all. Built
// from the standard alone, so that it shares no mistake with the client under test. For honest behaviour the
// end-to-end tests use FreeRADIUS.
import { createHash, createHmac } from 'node:crypto';
import { createSocket } from 'node:dgram';

export interface Answer {
  readonly code: number;
  /** Attributes as bytes: type, length, value … */
  readonly attributes?: Buffer;
  /** Signs with this instead of the shared secret. */
  readonly secret?: string;
  readonly withoutMessageAuthenticator?: boolean;
  readonly delayMs?: number;
}

export interface Responder extends AsyncDisposable {
  readonly port: number;
  readonly requests: readonly Buffer[];
}

/** `decide` is asked for each datagram; several answers are sent in order, none is silence. */
export async function startResponder(
  secret: string,
  decide: (request: Buffer, count: number) => readonly Answer[],
  address = '127.0.0.1',
  port = 0,
): Promise<Responder> {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  const requests: Buffer[] = [];
  socket.on('message', (request, from) => {
    requests.push(request);
    for (const answer of decide(request, requests.length)) {
      const send = (): void => {
        try {
          socket.send(seal(request, answer, answer.secret ?? secret), from.port, from.address);
        } catch {
          // The test is over.
        }
      };
      if (answer.delayMs === undefined) send();
      else setTimeout(send, answer.delayMs).unref();
    }
  });
  await new Promise<void>((resolve) => socket.bind(port, address, resolve));
  return {
    port: socket.address().port,
    requests,
    [Symbol.asyncDispose]: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}

function seal(request: Buffer, answer: Answer, secret: string): Buffer {
  const authenticator = Buffer.from([80, 18, ...new Array<number>(16).fill(0)]);
  const hasSeal = answer.withoutMessageAuthenticator !== true && request[0] === 1;
  const body = Buffer.concat([
    hasSeal ? authenticator : Buffer.alloc(0),
    answer.attributes ?? Buffer.alloc(0),
  ]);
  const head = Buffer.from([answer.code, request[1] ?? 0, 0, 0]);
  head.writeUInt16BE(20 + body.length, 2);
  const packet = Buffer.concat([head, request.subarray(4, 20), body]);
  if (hasSeal) createHmac('md5', secret).update(packet).digest().copy(packet, 22);
  createHash('md5').update(packet).update(secret).digest().copy(packet, 4);
  return packet;
}
