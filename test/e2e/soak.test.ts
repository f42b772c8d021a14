// Bulk traffic for a while, each way, over DTLS and over TLS: no second without a byte. OCSERV_SOAK_SECONDS says how
// long each run takes; 4 by default, 60 or more to soak:
//   OCSERV_SOAK_SECONDS=60 npm test test/e2e/soak.test.ts
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Client } from '../support/client.ts';
import { createNetwork } from '../support/namespace.ts';
import { Site } from '../support/site.ts';
import { moveBulk, serveIperf } from '../support/traffic.ts';
import { hasDtls, showUser } from '../support/users.ts';

const seconds = Math.max(1, Number.parseInt(process.env['OCSERV_SOAK_SECONDS'] ?? '4', 10));

for (const dtls of [true, false]) {
  test(
    `${String(seconds)} s of bulk each way over ${dtls ? 'DTLS' : 'TLS'}`,
    { timeout: (2 * seconds + 60) * 1000 },
    async (t) => {
      await using network = await createNetwork();
      await using site = await Site.create({ namespace: network.server });
      await site.start();
      const [namespace] = network.clients;
      assert.ok(namespace !== undefined);
      await using client = await Client.connect({
        site,
        namespace,
        server: network.serverAddress(0),
        args: dtls ? [] : ['--no-dtls'],
      });
      await using _iperf = await serveIperf(network.server);
      for (const down of [true, false]) {
        const moved = await moveBulk(namespace, { down, seconds });
        const rate = `${moved.megabitsPerSecond.toFixed(0)} Mbit/s`;
        const least = `slowest second ${(moved.leastBytes / 125_000).toFixed(0)} Mbit/s`;
        t.diagnostic(
          `${down ? 'down' : 'up'}: ${rate}, ${least}, ${String(moved.retransmits)} retransmissions`,
        );
      }
      assert.equal(hasDtls(await showUser(site)), dtls);
      assert.equal(client.process.hasEnded(), false);
      assert.doesNotMatch(site.log(), /user disconnected/);
    },
  );
}
