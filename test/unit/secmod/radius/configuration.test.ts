import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  parseRadiusConfiguration,
  readRadiusConfiguration,
  type ServerKind,
} from '../../../../core/secmod/radius/configuration.ts';

const SECRETS = `## Server Name or Client/Server pair		Key
#localhost/localhost				testing123
radius.example.net	planted-secret-1
vpn.example.net/2001:DB8::0:5	planted-secret-2
127.0.0.1   planted-secret-3   trailing words
`;

function parse(text: string, kind: ServerKind = 'auth', secrets = SECRETS) {
  const files: string[] = [];
  const read = parseRadiusConfiguration('/etc/radcli/radiusclient.conf', text, kind, (name) => {
    files.push(name);
    return secrets;
  });
  return { ...read, files };
}

function serversOf(text: string, kind: ServerKind = 'auth'): string[] {
  const { configuration, problems } = parse(text, kind);
  assert.deepEqual(problems, []);
  const servers = kind === 'auth' ? configuration?.authServers : configuration?.acctServers;
  return (servers ?? []).map(({ host, port, secret }) => `${host} ${port} ${secret.reveal()}`);
}

test('a file as distributions ship it', () => {
  const { configuration, problems, warnings, files } = parse(`
# RADIUS settings
nas-identifier	my-server
#nas-ip 	10.100.5.3
authserver 	localhost
acctserver 	localhost:1999
servers		/etc/radcli/servers
dictionary 	/etc/radcli/dictionary
default_realm
radius_timeout	5
radius_retries	2
radius_deadtime 30
bindaddr	*
auth_order	radius,local
login_tries	4
login_timeout	60
nologin /etc/nologin
issue	/etc/radiusclient/issue
mapfile		/etc/radiusclient/port-id-map
seqfile		/var/run/radius.seq
clientdebug 1
use-public-addr	true
`);
  assert.deepEqual([problems, warnings, files], [[], [], ['/etc/radcli/servers']]);
  assert.ok(configuration);
  const { authServers, ...rest } = configuration;
  assert.deepEqual(rest, {
    acctServers: [],
    timeoutMs: 5000,
    retries: 2,
    deadTimeMs: 30_000,
    nasIdentifier: 'my-server',
  });
  assert.deepEqual(
    authServers.map(({ host, port }) => [host, port]),
    [['localhost', 1812]],
  );
});

test('servers: lists, repeated lines, ports, inline secrets, IPv6; names and addresses find their secrets', () => {
  const files = 'servers servers\n';
  assert.deepEqual(
    serversOf(`${files}authserver 10.0.0.1:1645:sec:ret, radius.example.net\nauthserver [2001:db8::5]:99\n`),
    ['10.0.0.1 1645 sec:ret', 'radius.example.net 1812 planted-secret-1', '2001:db8::5 99 planted-secret-2'],
  );
  assert.deepEqual(serversOf(`${files}acctserver localhost\nacctserver 2001:db8::5`, 'acct'), [
    'localhost 1813 planted-secret-3',
    '2001:db8::5 1813 planted-secret-2',
  ]);
  assert.deepEqual(serversOf('authserver [2001:db8::9]::inline'), ['2001:db8::9 1812 inline']);
  const nine = Array.from({ length: 9 }, (_, index) => `10.0.0.${index}:1:s`).join(',');
  const { configuration, warnings } = parse(`authserver ${nine}`);
  assert.equal(configuration?.authServers.length, 8);
  assert.deepEqual(warnings, ['/etc/radcli/radiusclient.conf: only the first 8 of authserver are used']);
});

test('an auth line needs no accounting servers and the other way round', () => {
  assert.equal(parse('authserver 10.0.0.1::s\nacctserver nowhere.example').problems.length, 0);
  assert.deepEqual(parse('acctserver 10.0.0.1::s').problems, [
    '/etc/radcli/radiusclient.conf: no authserver; expected authserver HOST',
  ]);
});

test('mistakes are named with their line, all of them, and no secret with them', () => {
  const { configuration, problems } = parse(
    [
      'authserver nowhere.example',
      'authserver bad host:1:planted-inline',
      'authserver 10.0.0.1:70000:planted-inline',
      'servers servers',
      'radius_timeout soon',
      'radius_retries -1',
      'bindaddr eth0',
      'nas-ip here',
      'serv-type tls',
      'namespace blue',
      'require-message-authenticator perhaps',
    ].join('\n'),
  );
  const at = '/etc/radcli/radiusclient.conf:';
  assert.equal(configuration, undefined);
  assert.deepEqual(problems, [
    `${at}9: serv-type: expected udp, found "tls"`,
    `${at}10: namespace: expected none; the network of the server is used`,
    `${at}1: authserver: no secret for "nowhere.example"; expected one in the file named by "servers"`,
    `${at}2: authserver: expected HOST[:PORT[:SECRET]]`,
    `${at}3: authserver: expected HOST[:PORT[:SECRET]]`,
    `${at}11: require-message-authenticator: expected yes or no`,
    `${at}5: radius_timeout: expected 0…3600, found "soon"`,
    `${at}6: radius_retries: expected 0…100, found "-1"`,
    `${at}7: bindaddr: expected an address, found "eth0"`,
    `${at}8: nas-ip: expected an address, found "here"`,
  ]);
  assert.doesNotMatch(problems.join(), /planted/);
});

test('a switch for servers that send no Message-Authenticator, and unknown words', () => {
  const { configuration, warnings } = parse('authserver h::s\nrequire-message-authenticator no\nspeed 9\n');
  assert.equal(configuration?.requireMessageAuthenticator, false);
  const strict = parse('authserver h::s\nrequire-message-authenticator yes');
  assert.equal(strict.configuration?.requireMessageAuthenticator, true);
  assert.deepEqual(warnings, ['/etc/radcli/radiusclient.conf:3: unknown keyword "speed" is ignored']);
});

test('files that cannot be read', () => {
  assert.deepEqual(readRadiusConfiguration('/nowhere/radiusclient.conf', 'auth').problems, [
    "cannot open '/nowhere/radiusclient.conf' (ENOENT); expected a readable file",
  ]);
  const { problems } = parseRadiusConfiguration('/etc/r.conf', 'authserver a,b\nservers s', 'auth', () => {
    throw Object.assign(new Error('no'), { code: 'EACCES' });
  });
  assert.deepEqual(problems, [
    "/etc/r.conf:2: servers: cannot open '/etc/s' (EACCES); expected a readable file",
    '/etc/r.conf:1: authserver: no secret for "a"; expected one in the file named by "servers"',
    '/etc/r.conf:1: authserver: no secret for "b"; expected one in the file named by "servers"',
  ]);
});
