// Paths that carry less than 1500 bytes: the narrow link at an end, behind a router that says so, behind one that
// says nothing. The tunnel works, large packets pass, nothing stalls, and the server finds an MTU that fits.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Client } from '../support/client.ts';
import { until } from '../support/command.ts';
import { createRoutedPath, type RoutedPath, type RoutedPathOptions } from '../support/routed-path.ts';
import { Site } from '../support/site.ts';
import { insideServer, insideServer6, moveBulk, pingSeries, serveIperf } from '../support/traffic.ts';

const narrow = 1280;
/** What a tunnel packet may have on such a path with AES-GCM: 20 + 8 + 13 + 8 + 16 + 1 bytes around it. */
const fits = narrow - 66;
const icmpBytes = 28;

/** A router that knows the path is narrow and keeps it for itself. TCP is cared for, as such routers do. */
async function silence(path: RoutedPath): Promise<void> {
  await path.router.nft(`
    table inet quiet {
      chain forward {
        type filter hook forward priority 0;
        tcp flags syn tcp option maxseg size set ${String(narrow - 40)}
      }
      chain out {
        type filter hook output priority 0;
        icmp type destination-unreachable drop
      }
    }`);
}

async function serverMtu(path: RoutedPath): Promise<number> {
  const text = await path.server.mustRun(['ip', '-o', 'link', 'show']);
  return Number(/vpns\d+:.* mtu (\d+)/.exec(text)?.[1]);
}

interface Story extends RoutedPathOptions {
  readonly name: string;
  readonly silent?: boolean;
  readonly ipv6?: boolean;
  /** MTU of the server's device in the end. */
  readonly finds: number;
}

const stories: readonly Story[] = [
  { name: 'both links are narrow', clientLinkMtuBytes: narrow, serverLinkMtuBytes: narrow, finds: fits },
  { name: "the client's link is narrow", clientLinkMtuBytes: narrow, finds: fits },
  { name: "the server's link is narrow", serverLinkMtuBytes: narrow, finds: fits },
  { name: 'the router is narrow and says so', forwardMtuBytes: narrow, finds: fits },
  { name: 'the router is narrow and says nothing', forwardMtuBytes: narrow, silent: true, finds: fits },
  {
    // IPv6 demands its 1280 of the device; what DTLS does not carry goes by TLS.
    name: 'the router is narrow and says nothing, IPv6 inside',
    forwardMtuBytes: narrow,
    silent: true,
    ipv6: true,
    finds: 1280,
  },
  // A PPPoE line.
  { name: 'a router of 1492 bytes says nothing', forwardMtuBytes: 1492, silent: true, finds: 1492 - 66 },
];

describe('a narrow path', { concurrency: 3 }, () => {
  for (const { name, silent, ipv6, finds, ...links } of stories) {
    test(name, async () => {
      await using path = await createRoutedPath(links);
      if (silent === true) await silence(path);
      await using site = await Site.create({
        namespace: path.server,
        ...(ipv6 === true ? {} : { without: ['ipv6-network', 'ipv6-subnet-prefix'] }),
      });
      await site.start();
      const namespace = path.client;
      await using client = await Client.connect({ site, namespace, server: path.serverAddress });
      await using _iperf = await serveIperf(path.server);
      for (const down of [true, false]) await moveBulk(namespace, { down, seconds: 3 });
      // The search is exact to four bytes.
      await until(
        `the server to find an MTU of ${String(finds)}`,
        async () => Math.abs((await serverMtu(path)) - finds) < 4,
        40_000,
      ).catch(async (error: unknown) => {
        throw new Error(`${String(error)}, it has ${String(await serverMtu(path))}\n${client.output()}`);
      });
      const address = (await client.variable('INTERNAL_IP4_ADDRESS')) ?? '';
      // As large as fits, then ones that must be cut somewhere, both ways.
      for (const bytes of [fits - icmpBytes, 1300, 1406, 4000]) {
        for (const [from, to] of [
          [namespace, insideServer],
          [path.server, address],
        ] as const) {
          const series = await pingSeries(from, to, { count: 3, bytes });
          assert.equal(series.received, 3, `${String(bytes)} bytes: ${series.text}`);
        }
      }
      for (const [from, to] of [
        [namespace, insideServer],
        [path.server, address],
      ] as const) {
        const series = await pingSeries(from, to, { count: 3, bytes: fits - icmpBytes, dontFragment: true });
        assert.equal(series.received, 3, series.text);
      }
      if (ipv6 === true) {
        // openconnect has lowered its own device below what IPv6 needs on it; the server's keeps its addresses.
        const addresses = await path.server.mustRun(['ip', '-6', '-o', 'addr', 'show']);
        assert.match(addresses, new RegExp(`vpns\\d+\\s+inet6 ${insideServer6}/`));
      }
      assert.doesNotMatch(site.log(), /user disconnected/);
    });
  }
});
