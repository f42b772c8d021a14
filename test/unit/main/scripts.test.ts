import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scriptEnvironment, type ScriptSubject } from '../../../core/main/script-environment.ts';
import { fillTemplate, runProgram } from '../../../core/main/scripts.ts';
import { createLogger } from '../../../core/system/index.ts';

const subject: ScriptSubject = {
  id: 7,
  vhost: 'default',
  username: 'alice\n',
  groupname: undefined,
  hostname: 'laptop\u0000\u001b',
  device: 'vpns0',
  remoteAddress: '192.0.2.9',
  localAddress: '192.0.2.1',
  lease: {
    ipv4: { address: '192.168.77.50', netmask: '255.255.255.0', local: '192.168.77.1' },
    ipv6: { address: 'fda9:77::5', prefix: 64, local: 'fda9:77::1' },
  },
  userAgent: 'agent; rm -rf "$HOME"',
  deviceType: undefined,
  devicePlatform: undefined,
  routes: ['10.0.0.0/255.0.0.0', 'fd00::/8'],
  noRoutes: [],
  dns: ['192.168.77.1'],
  isRestrictedToRoutes: false,
  ports: { deny: false, rules: [] },
};

test('scripts are told what the firewall holds a session to', () => {
  const rules = [
    { protocol: 'tcp', port: 443 },
    { protocol: 'udp', port: 8000, lastPort: 8010 },
    { protocol: 'icmp' },
  ] as const;
  const told = (deny: boolean) =>
    scriptEnvironment('connect', { ...subject, isRestrictedToRoutes: true, ports: { deny, rules } });
  const list = 'tcp 443 udp 8000-8010 icmp all ';
  const { OCSERV_RESTRICT_TO_ROUTES, OCSERV_ALLOW_PORTS, OCSERV_DENY_PORTS } = told(false);
  assert.deepEqual(
    [OCSERV_RESTRICT_TO_ROUTES, OCSERV_ALLOW_PORTS, OCSERV_DENY_PORTS],
    ['1', list, undefined],
  );
  assert.equal(told(true)['OCSERV_DENY_PORTS'], list);
  assert.equal(told(true)['OCSERV_ALLOW_PORTS'], undefined);
});

test('the connect script is told everything and nothing else', () => {
  assert.deepEqual(scriptEnvironment('connect', subject), {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    LANG: 'C',
    REASON: 'connect',
    ID: '7',
    VHOST: 'default',
    USERNAME: 'alice',
    GROUPNAME: '',
    HOSTNAME: 'laptop',
    REMOTE_HOSTNAME: 'laptop',
    DEVICE: 'vpns0',
    IP_REAL: '192.0.2.9',
    IP_REAL_LOCAL: '192.0.2.1',
    USER_AGENT: 'agent; rm -rf "$HOME"',
    DEVICE_TYPE: '',
    DEVICE_PLATFORM: '',
    IP_LOCAL: '192.168.77.1',
    IP_REMOTE: '192.168.77.50',
    IPV6_LOCAL: 'fda9:77::1',
    IPV6_REMOTE: 'fda9:77::5',
    IPV6_PREFIX: '64',
    OCSERV_ROUTES: '10.0.0.0/255.0.0.0 fd00::/8 ',
    OCSERV_ROUTES4: '10.0.0.0/255.0.0.0 ',
    OCSERV_ROUTES6: 'fd00::/8 ',
    OCSERV_DNS: '192.168.77.1 ',
    OCSERV_DNS4: '192.168.77.1 ',
  });
});

test('the disconnect script gets the counters', () => {
  const { STATS_BYTES_IN, STATS_BYTES_OUT, STATS_DURATION } = scriptEnvironment('disconnect', subject, {
    rxBytes: 1,
    txBytes: 2,
    seconds: 3,
  });
  assert.deepEqual([STATS_BYTES_IN, STATS_BYTES_OUT, STATS_DURATION], ['1', '2', '3']);
});

test('a route command is split before its places are filled', () => {
  const values = { R: '10.0.0.0/255.0.0.0', RI: '10.0.0.0/8', D: 'vpns0; reboot' };
  assert.deepEqual(fillTemplate('/sbin/ip  route add %{RI} dev %{D}', values), [
    '/sbin/ip',
    'route',
    'add',
    '10.0.0.0/8',
    'dev',
    'vpns0; reboot',
  ]);
  assert.deepEqual(fillTemplate('x %R %D %{X} %Rest', values), [
    'x',
    '10.0.0.0/255.0.0.0',
    'vpns0; reboot',
    '%{X}',
    '%Rest',
  ]);
  assert.equal(fillTemplate('   ', values), undefined);
});

test('a program counts as successful with status 0 alone', async () => {
  const log = createLogger({ component: 'main:', level: 0, destinations: {} });
  const run = (...argv: [string, ...string[]]) => runProgram({ argv, environment: {}, log });
  assert.equal(await run('/bin/true'), true);
  assert.equal(await run('/bin/false'), false);
  assert.equal(await run('/nonexistent/program'), false);
  assert.equal(await run('/bin/sh', '-c', 'kill -TERM $$'), false);
  assert.equal(await run('/bin/sh', '-c', 'test -z "$HOME"'), true);
});
