// Compressed packets with Debian's openconnect (--compression=all), by DTLS and by TLS, with either algorithm: what shrinks,
// what does not, packets of every size, and TCP whole.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Client } from '../support/client.ts';
import { createNetwork } from '../support/namespace.ts';
import { Site } from '../support/site.ts';

interface Row {
  readonly 'CSTP compression'?: string;
  readonly 'DTLS compression'?: string;
}

describe('compression', { concurrency: 2 }, () => {
  for (const [name, config, header] of [
    ['lz4', 'compression = true', 'oc-lz4'],
    ['lzs', 'compression = true\ncompression-algo-priority = lzs:100\nno-compress-limit = 64', 'lzs'],
  ] as const) {
    for (const dtls of [true, false]) {
      test(`${name} by ${dtls ? 'DTLS' : 'TLS'}`, async () => {
        await using network = await createNetwork();
        const [namespace] = network.clients;
        assert.ok(namespace !== undefined);
        await using site = await Site.create({ namespace: network.server, config });
        await site.start();
        await using client = await Client.connect({
          site,
          namespace,
          server: network.serverAddress(0),
          args: ['--compression=all', ...(dtls ? [] : ['--no-dtls'])],
        });
        assert.match(client.output(), new RegExp(`X-CSTP-Content-Encoding: ${header}`));
        const [row] = await site.occtlJson<Row[]>('show', 'users');
        assert.equal(row?.['CSTP compression'], name);
        assert.equal(row['DTLS compression'], dtls ? name : undefined);

        const wire = async (): Promise<number> => {
          const text = await network.server.mustRun(['cat', '/sys/class/net/s0/statistics/tx_bytes']);
          return Number(text);
        };
        for (const bytes of [0, 40, 200, 255, 256, 700, 1300, 1406]) {
          assert.ok(
            await client.ping('192.168.77.1', { bytes, count: 2 }),
            `${String(bytes)}\n${client.output()}`,
          );
        }
        assert.ok(await client.ping('fda9:77::1', { ipv6: true, bytes: 1000, count: 2 }), client.output());
        // ping fills its packets with a pattern: the answers of 20 times 1300 bytes are but a few.
        const before = await wire();
        const { stdout } = await namespace.run(
          ['ping', '-n', '-q', '-c', '20', '-i', '0.01', '-s', '1300', '-p', '00', '192.168.77.1'],
          { timeoutMs: 20_000 },
        );
        assert.match(stdout, / 0% packet loss/);
        const sent = (await wire()) - before;
        assert.ok(sent < 20 * 600, `${String(sent)} bytes for answers of 26 kB`);

        // A stream in which all kinds of bytes alternate comes out as it went in, both ways.
        const echo = network.server.start([
          ...['python3', '-c'],
          `import socket
listener = socket.create_server(('192.168.77.1', 7007))
print('ready', flush=True)
peer, _ = listener.accept()
while data := peer.recv(65536):
    peer.sendall(data)`,
        ]);
        for (let round = 0; round < 50 && !echo.output().includes('ready'); round++) {
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
        const check = await namespace.run(
          [
            ...['python3', '-c'],
            `import random, socket, threading
random.seed(4)
text = b''.join(random.choice([random.randbytes(3000), bytes(3000), b'compress me ' * 250]) for _ in range(700))
peer = socket.create_connection(('192.168.77.1', 7007))
threading.Thread(target=lambda: (peer.sendall(text), peer.shutdown(socket.SHUT_WR)), daemon=True).start()
got = b''
while data := peer.recv(65536):
    got += data
print('same' if got == text else 'differs', len(got))`,
          ],
          { timeoutMs: 40_000 },
        );
        await echo.stop();
        assert.equal(check.stdout.trim(), 'same 2100000', `${check.stderr}\n${client.output()}`);
        assert.doesNotMatch(site.log(), /compressed/);
        await client.leave();
      });
    }
  }

  test('off unless it is asked for', async () => {
    await using network = await createNetwork();
    const [namespace] = network.clients;
    assert.ok(namespace !== undefined);
    await using site = await Site.create({ namespace: network.server });
    await site.start();
    const options = { site, namespace, server: network.serverAddress(0) };
    await using client = await Client.connect({ ...options, args: ['--compression=all'] });
    assert.doesNotMatch(client.output(), /Content-Encoding: (?:oc-lz4|lzs)/);
    assert.ok(await client.ping('192.168.77.1'), client.output());
  });
});
