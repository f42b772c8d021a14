// Runs inside a namespace for reach.ts:
//   serve ADDRESS,… tcp:443,udp:53,…   answers on each address and port, says "ready"
//   try TARGET…                        TARGET = tcp|udp ADDRESS PORT; prints JSON, one word for each
import { createSocket } from 'node:dgram';
import { createServer, connect } from 'node:net';

const patienceMs = 3_000;
const [action, ...words] = process.argv.slice(2);

async function serve(addresses: readonly string[], services: readonly string[]): Promise<void> {
  for (const address of addresses) {
    for (const service of services) {
      const [protocol, port = ''] = service.split(':');
      const { promise, resolve } = Promise.withResolvers<void>();
      if (protocol === 'tcp') {
        createServer((socket) => socket.on('error', () => undefined).end('x')).listen(
          Number(port),
          address,
          resolve,
        );
      } else {
        const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
        socket.on('message', (bytes, from) => socket.send(bytes, from.port, from.address));
        socket.bind(Number(port), address, resolve);
      }
      await promise;
    }
  }
  process.stdout.write('ready\n');
}

function wordOf(error: NodeJS.ErrnoException): string {
  return error.code === 'ECONNREFUSED' ? 'refused' : (error.code ?? 'error');
}

function tryTcp(address: string, port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, address, () => resolve('open'));
    socket.on('error', (error) => resolve(wordOf(error)));
    setTimeout(() => {
      resolve('silent');
      socket.destroy();
    }, patienceMs).unref();
  });
}

function tryUdp(address: string, port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
    const end = (word: string): void => {
      resolve(word);
      socket.close();
      clearTimeout(limit);
    };
    const limit = setTimeout(() => end('silent'), patienceMs);
    socket.once('message', () => end('open'));
    socket.once('error', (error) => end(wordOf(error)));
    socket.connect(port, address, () => socket.send('x'));
  });
}

if (action === 'serve') {
  await serve((words[0] ?? '').split(','), (words[1] ?? '').split(','));
} else {
  const results = await Promise.all(
    words.map((target) => {
      const [protocol, address = '', port = ''] = target.split(' ');
      return (protocol === 'tcp' ? tryTcp : tryUdp)(address, Number(port));
    }),
  );
  process.stdout.write(JSON.stringify(results));
  process.exit(0);
}
