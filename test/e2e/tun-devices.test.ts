// Tun devices and netlink, in a network namespace of their own.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import process from 'node:process';
import test from 'node:test';

const fixture = path.join(import.meta.dirname, 'fixtures/tun-devices.ts');

interface Address {
  family: string;
  local: string;
  address?: string;
  prefixlen: number;
}
interface Link {
  mtu: number;
  txqlen: number;
  flags: string[];
  addr_info?: Address[];
}
interface Device {
  name: string;
  alias?: string;
  isTun: boolean;
}
interface Seen {
  configured: {
    names: string[];
    offload: boolean[];
    addresses: [Link];
    routes: { dst: string; metric: number }[];
    devices: Device[];
  };
  smaller: [Link];
  failures: Record<string, string>;
  bare: [Link];
  left: Device[];
}

test(
  'a tun device gets what the session asks for, loses it, and goes with its descriptor',
  { skip: process.getuid?.() !== 0 && 'needs root', timeout: 30_000 },
  () => {
    const output = execFileSync('unshare', ['--net', process.execPath, fixture], { encoding: 'utf8' });
    const { configured, smaller, failures, bare, left } = JSON.parse(output) as Seen;

    assert.deepEqual(configured.names, ['vpns0', 'vpns1']);
    assert.equal(configured.offload[1], false);
    const [link] = configured.addresses;
    assert.deepEqual([link.mtu, link.txqlen], [1434, 100]);
    assert.ok(link.flags.includes('UP'));
    const addresses = (link.addr_info ?? [])
      .filter(({ local }) => !local.startsWith('fe80:'))
      .map(({ local, address, prefixlen }) => [local, address, prefixlen]);
    assert.deepEqual(addresses, [
      ['192.168.77.1', '192.168.77.190', 32],
      ['fda9:77::1', undefined, 128],
    ]);
    const route = configured.routes.find(({ dst }) => dst === 'fda9:77::/64');
    assert.equal(route?.metric, 1);
    const device = configured.devices.find(({ name }) => name === 'vpns0');
    assert.deepEqual([device?.alias, device?.isTun], ['a mark', true]);

    assert.equal(smaller[0].mtu, 1200);
    assert.deepEqual(failures, { address: 'EINVAL', device: 'ENODEV', mtu: 'EINVAL', alias: 'ERANGE' });
    assert.deepEqual(
      (bare[0].addr_info ?? []).filter(({ family }) => family === 'inet'),
      [],
    );
    assert.deepEqual(
      left.map(({ name }) => name),
      ['lo'],
    );
  },
);
