// What the configuration says and what arrives at the client.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Scene } from '../support/scene.ts';

test('banners, routes, names and timers arrive in the environment of the client', async () => {
  await using scene = await Scene.open({
    config: `pre-login-banner = Only for <staff> & friends
banner = Welcome <home> & "friends" all
default-domain = example.com example.org
dns = 192.168.77.1
dns = fda9:77::53
nbns = 192.168.77.2
split-dns = example.com
split-dns = intra.example.org
route = 10.1.0.0/16
route = fd11::/48
no-route = 10.1.2.0/24
no-route = fd11:0:0:1::/64
keepalive = 2
dpd = 40
mtu = 1400`,
  });
  const client = await scene.connect({ args: [] });
  const output = client.output();
  assert.match(output, /^Only for <staff> & friends$/m);
  assert.ok(
    output.indexOf('Only for') < output.indexOf('Please enter your username'),
    'before the questions',
  );
  assert.match(output, /Keepalive 2\b/);
  assert.match(output, /DPD 40\b/);
  const expected = {
    CISCO_BANNER: 'Welcome <home> & "friends" all',
    CISCO_DEF_DOMAIN: 'example.com example.org',
    INTERNAL_IP4_DNS: '192.168.77.1 fda9:77::53',
    INTERNAL_IP4_NBNS: '192.168.77.2',
    INTERNAL_IP4_NETMASK: '255.255.255.0',
    // openconnect hands lists over from the end.
    CISCO_SPLIT_DNS: 'intra.example.org,example.com',
    CISCO_SPLIT_INC: '1',
    CISCO_SPLIT_INC_0_ADDR: '10.1.0.0',
    CISCO_SPLIT_INC_0_MASKLEN: '16',
    CISCO_SPLIT_EXC: '1',
    CISCO_SPLIT_EXC_0_ADDR: '10.1.2.0',
    CISCO_SPLIT_EXC_0_MASK: '255.255.255.0',
    CISCO_IPV6_SPLIT_INC_0_ADDR: 'fd11::',
    CISCO_IPV6_SPLIT_INC_0_MASKLEN: '48',
    CISCO_IPV6_SPLIT_EXC_0_ADDR: 'fd11:0:0:1::',
    CISCO_IPV6_SPLIT_EXC_0_MASKLEN: '64',
  };
  const got: Record<string, string | undefined> = {};
  for (const name of Object.keys(expected)) got[name] = await client.variable(name);
  assert.deepEqual(got, expected);
  assert.ok(Number(await client.variable('INTERNAL_IP4_MTU')) <= 1400 - 28);

  // Keepalives cross a quiet tunnel and disturb nothing.
  await sleep(5_000);
  assert.match(client.output(), /Send (?:CSTP|DTLS) Keepalive/i);
  assert.ok(await client.ping('192.168.77.1'));
  assert.equal(client.process.hasEnded(), false);
});
