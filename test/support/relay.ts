// Runs inside a namespace, started by outpost.ts: what the test writes to its Unix socket goes out as TCP or UDP from
// this namespace, so that the test itself can speak byte by byte. The first line of a connection is the order.
import { createSocket } from 'node:dgram';
import { connect, createServer, type Socket } from 'node:net';

export type Order =
  | { readonly kind: 'tcp'; readonly local: string; readonly server: string; readonly resets: boolean }
  /** Then datagrams, one a line in base64, both ways. */
  | { readonly kind: 'udp'; readonly local: string; readonly server: string };

const serverPort = 4443;
const lineFeed = 10;

/** Calls back with each line; what is left over stays in the stream of the next call. */
function onLines(socket: Socket, take: (line: string) => void): void {
  let rest = Buffer.alloc(0);
  socket.on('data', (bytes: Buffer) => {
    rest = Buffer.concat([rest, bytes]);
    for (let end = rest.indexOf(lineFeed); end >= 0; end = rest.indexOf(lineFeed)) {
      const line = rest.toString('latin1', 0, end);
      rest = rest.subarray(end + 1);
      take(line);
    }
  });
}

function relayTcp(near: Socket, order: Order & { kind: 'tcp' }, first: Buffer): void {
  const far = connect({
    host: order.server,
    port: serverPort,
    localAddress: order.local,
    allowHalfOpen: true,
  });
  far.on('error', () => near.destroy());
  near.on('error', () => far.destroy());
  if (first.length > 0) far.write(first);
  far.pipe(near);
  near.pipe(far, { end: false });
  near.on('end', () => {
    if (!order.resets) far.end();
    else far.resetAndDestroy();
  });
}

function relayUdp(near: Socket, order: Order & { kind: 'udp' }, first: Buffer): void {
  const far = createSocket('udp4');
  far.on('error', () => near.destroy());
  near.on('error', () => undefined);
  near.on('close', () => far.close());
  far.on('message', (bytes) => near.write(`${bytes.toString('base64')}\n`));
  far.bind({ address: order.local }, () => {
    onLines(near, (line) => far.send(Buffer.from(line, 'base64'), serverPort, order.server));
    if (first.length > 0) near.unshift(first);
    near.resume();
  });
}

const [, , socketFile = ''] = process.argv;
createServer({ allowHalfOpen: true }, (near) => {
  let head = Buffer.alloc(0);
  const begin = (bytes: Buffer): void => {
    head = Buffer.concat([head, bytes]);
    const end = head.indexOf(lineFeed);
    if (end < 0) return;
    near.off('data', begin).pause();
    const order = JSON.parse(head.toString('utf8', 0, end)) as Order;
    const first = head.subarray(end + 1);
    if (order.kind === 'tcp') relayTcp(near, order, first);
    else relayUdp(near, order, first);
  };
  near.on('data', begin);
}).listen(socketFile, () => process.stdout.write('ready\n'));
