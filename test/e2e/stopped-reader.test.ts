// A client that stops reading in the middle of a download: it costs the worker a bounded amount of memory, nobody
// else notices, and when it reads again the download goes on.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from '../support/client.ts';
import { createNetwork } from '../support/namespace.ts';
import { Site } from '../support/site.ts';
import { insideServer, moveBulk, pingSeries, serveIperf } from '../support/traffic.ts';
import { showUsers } from '../support/users.ts';

async function residentMegabytes(pids: readonly number[]): Promise<number> {
  const texts = await Promise.all(pids.map((pid) => readFile(`/proc/${String(pid)}/status`, 'utf8')));
  return texts.reduce((sum, text) => sum + Number(/VmRSS:\s+(\d+)/.exec(text)?.[1]) / 1024, 0);
}

test('a download nobody reads costs little and harms nobody', async () => {
  await using network = await createNetwork({ clients: 2 });
  // One worker, so that both clients share its packet thread.
  await using site = await Site.create({ namespace: network.server, config: 'worker-processes = 1' });
  await site.start();
  const [first, second] = network.clients;
  assert.ok(first !== undefined && second !== undefined);
  const args = ['--no-dtls'];
  await using stopped = await Client.connect({
    site,
    namespace: first,
    server: network.serverAddress(0),
    args,
  });
  await using other = await Client.connect({ site, namespace: second, server: network.serverAddress(1) });
  await using _one = await serveIperf(network.server, 5201);
  await using _two = await serveIperf(network.server, 5202);
  const workers = await site.children('ocserv-worker');
  assert.equal(workers.length, 1);

  const download = first.run(['iperf3', '-R', '-c', insideServer, '-p', '5201', '-t', '14'], {
    timeoutMs: 60_000,
  });
  await sleep(2_000);
  const address = (await stopped.variable('INTERNAL_IP4_ADDRESS')) ?? '';
  const before = await residentMegabytes(workers);
  stopped.process.child.kill('SIGSTOP');
  // It does not slow down as TCP does when nobody answers.
  const flood = network.server.start(['ping', '-q', '-f', '-s', '1300', '-w', '6', address]);
  let most = 0;
  const pings = pingSeries(second, insideServer, { count: 30 });
  for (let i = 0; i < 12; i++) {
    await sleep(500);
    most = Math.max(most, await residentMegabytes(workers));
  }
  const series = await pings;
  assert.equal(series.received, 30, series.text);
  await moveBulk(second, { down: true, seconds: 2, port: 5202 });
  await flood.ended;
  stopped.process.child.kill('SIGCONT');
  const { status, stdout } = await download;
  assert.equal(status, 0, stdout);
  assert.ok(most - before < 24, `grew from ${before.toFixed(1)} to ${most.toFixed(1)} MB`);
  assert.equal((await pingSeries(first, insideServer, { count: 5 })).received, 5, stopped.output());
  assert.equal((await showUsers(site)).length, 2);
  assert.equal(other.process.hasEnded(), false);
  assert.doesNotMatch(site.log(), /user disconnected/);
});
