// A UDP relay that misbehaves as networks do: it delays, repeats or loses single datagrams. A process of its own,
// run in the namespace of a router that redirects to it (startRelay); a figure n means every n-th datagram, 0 none.
//   node datagram-relay.ts PORT SERVER SERVER_PORT DELAY_EVERY DELAY_MS REPEAT_EVERY
import { createSocket, type Socket } from 'node:dgram';
import { until, type Running } from './command.ts';
import type { Namespace } from './namespace.ts';

export interface Misbehaviour {
  readonly delayEvery?: number;
  readonly delayMs?: number;
  readonly repeatEvery?: number;
}

/** Puts a relay into the way of what is sent to `port` through this router. */
export async function startRelay(
  router: Namespace,
  server: string,
  port: number,
  how: Misbehaviour,
): Promise<Running> {
  const relayPort = port + 1;
  const figures = [how.delayEvery ?? 0, how.delayMs ?? 0, how.repeatEvery ?? 0];
  const relay = router.start([
    process.execPath,
    import.meta.filename,
    ...[String(relayPort), server, String(port)],
    ...figures.map(String),
  ]);
  await until('the relay to listen', () => relay.output().includes('listening'));
  await router.nft(`
    table ip relay {
      chain prerouting {
        type nat hook prerouting priority -100;
        udp dport ${String(port)} redirect to :${String(relayPort)}
      }
    }`);
  return relay;
}

function runRelay(
  port: number,
  server: string,
  serverPort: number,
  delayEvery: number,
  delayMs: number,
  repeatEvery: number,
): void {
  const bufferBytes = 4 * 1024 * 1024;
  const towards = new Map<string, Socket>();
  let count = 0;
  const pass = (send: () => void): void => {
    count += 1;
    if (delayEvery > 0 && count % delayEvery === 0) setTimeout(send, delayMs);
    else send();
    if (repeatEvery > 0 && count % repeatEvery === 0) send();
  };
  const front = createSocket({ type: 'udp4', recvBufferSize: bufferBytes, sendBufferSize: bufferBytes });
  const flow = (clientPort: number, clientAddress: string): Socket => {
    const name = `${clientAddress}:${String(clientPort)}`;
    const known = towards.get(name);
    if (known !== undefined) return known;
    const back = createSocket({ type: 'udp4', recvBufferSize: bufferBytes, sendBufferSize: bufferBytes });
    back.on('message', (bytes) => {
      pass(() => front.send(bytes, clientPort, clientAddress));
    });
    towards.set(name, back);
    return back;
  };
  front.on('message', (bytes, { port: clientPort, address }) => {
    pass(() => flow(clientPort, address).send(bytes, serverPort, server));
  });
  front.bind(port, () => process.stdout.write('listening\n'));
}

if (process.argv[1] === import.meta.filename) {
  const [port, server, ...rest] = process.argv.slice(2);
  const [serverPort = 0, delayEvery = 0, delayMs = 0, repeatEvery = 0] = rest.map(Number);
  runRelay(Number(port), server ?? '', serverPort, delayEvery, delayMs, repeatEvery);
}
