import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { formatDiagnostic, loadConfiguration, parseConfigurationObject } from '../../../core/config/index.ts';
import { complete, firstLine, load, messages, settingsOf } from './support.ts';

test('ten mistakes give ten messages, each with line and column and what was expected', () => {
  const mistakes = [
    'auth = plain',
    'tcp-port = 99999',
    'server-cret = /c.pem',
    'this line is wrong',
    'ipv4-network = 10.0.0.0/33',
    'route = 10.0.0.0',
    'dns = 1.1.1.1, 2.2.2.2',
    'rekey-method = SSL',
    'dpd = 9x',
    'compression = maybe',
  ];
  const rest = 'socket-file = /s\nserver-cert = /c\nserver-key = /k\ndevice = vpns\n';
  const found = messages(`${mistakes.join('\n')}\n${rest}`, undefined, '').filter(
    (text) => !text.startsWith('note:'),
  );
  assert.deepEqual(
    found.map((text) => Number(text.split(':')[2])).sort((a, b) => a - b),
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
  );
  for (const text of found) assert.match(text, /^(error|warning): test\.conf:\d+:\d+: .*expected/);
});

test('a missing option is reported with the sentence of the C program', () => {
  assert.deepEqual(messages('', 'error', ''), [
    "error: test.conf:1:1: the 'auth' configuration option was not specified!; expected auth = plain[passwd=FILE]",
    "error: test.conf:1:1: the 'socket-file' configuration option must be specified!; expected socket-file = FILE",
    'error: test.conf:1:1: the tcp-port option is mandatory!; expected tcp-port = 1…65535',
    "error: test.conf:1:1: the 'server-cert' and 'server-key' configuration options must be specified!; expected a PEM file for each",
    'error: test.conf:1:1: no ipv4-network or ipv6-network options set.; expected e.g. ipv4-network = 192.168.77.0/24',
    "error: test.conf:1:1: the 'device' configuration option must be specified!; expected e.g. device = vpns",
  ]);
});

const refused: readonly [line: string, pattern: RegExp][] = [
  ['tcp-port = 0', /the tcp-port option is mandatory!/],
  ['tcp-port = 65536', /tcp-port: found "65536"; expected a port number, 0…65535/],
  ['udp-port = x', /udp-port: found "x"/],
  ['dns = local', /the 'local' DNS keyword is no longer supported\./],
  ['route = 10.0.0.0/33', /cannot figure format of route '10\.0\.0\.0\/33'/],
  ['route = fd00::/129', /cannot figure format of route/],
  ['route = 10.0.0.0/255.0.255.0', /cannot figure format of route/],
  ['no-route = nonsense', /in wrong format/],
  ['ipv4-netmask = 255.0.255.0', /expected a dotted netmask/],
  ['ipv6-network = fd00::', /no prefix found for IPv6 network\./],
  ['ipv6-network = fd00::/128', /the subnet prefix \(128\) cannot be smaller or equal to network's \(128\)/],
  ['ipv6-prefix = 10', /invalid IPv6 prefix: 10/],
  ['ipv6-subnet-prefix = 129', /invalid IPv6 subnet prefix: 129/],
  [`banner = ${'x'.repeat(257)}`, /banner size is too long/],
  ['server-key = /k2.pem', /the specified number of keys doesn't match the certificates/],
  [
    'cisco-svc-client-compat = true\nudp-port = 4443',
    /cisco-svc-client-compat option requires udp-port = 443/,
  ],
  ['tls-priorities = FOO', /tls-priorities: .+ at "FOO"; expected a priority string/],
  ['match-tls-dtls-ciphers = true', /cannot be applied when 'dtls-legacy'/],
  ['camouflage = true', /camouflage without camouflage_secret/],
  ['listen-clear-file = /x', /the 'listen-clear-file' option was removed/],
  ['syslog-facility = mail', /expected "daemon" or/],
  ['select-group = a[b', /error parsing a\[b/],
  ['restrict-user-to-ports = tcp443', /expected parenthesis on restrict-user-to-ports at 3/],
  ['[vhost:]\ndpd = 3', /virtual host name is illegal ''/],
  ['[vhost:a b]', /virtual host name is illegal 'a b'/],
  ['[vhost:a..b]', /virtual host name is illegal 'a..b'/],
  ['listen-host = no such host', /listen-host: found "no such host"; expected an IP address or a host name/],
  ['udp-listen-host = 1.2.3.400', /found "1.2.3.400"; expected an IP address/],
  ['[vhost:a]\ntcp-port = 3', /'tcp-port' cannot be set inside a virtual host section/],
  ['auth = radius[config=/r]', /you cannot mix multiple authentication methods of radius type/],
  ['enable-auth = pam', /you cannot mix multiple password authentication methods/],
  ['enable-auth = certificate', /'cert-user-oid' is not set/],
  ['acct = plain', /unknown or unsupported accounting method: plain/],
  [
    'restrict-user-to-ports = tcp(443)\nrestrict-user-to-ports = !(udp(53))',
    /some lines allow and some forbid/,
  ],
  ['proxy-proto-trusted = everybody', /expected address\/prefix or an IP address/],
];

for (const [line, pattern] of refused) {
  test(`refused: ${line.slice(0, 50)}`, () => {
    assert.equal(load(line).configuration, undefined);
    assert.match(messages(line, 'error').join('\n'), pattern);
  });
}

const warned: readonly [line: string, pattern: RegExp][] = [
  ['udp-prt = 3', /skipping unknown option 'udp-prt'.*did you mean 'udp-port'\?/],
  ['max_clients = 3', /did you mean 'max-clients'\?/],
  ['key-pin 1234 = 5', /skipping unknown option 'key-pin …'; expected the name of an option/],
  ['cgroup = x', /skipping unknown option 'cgroup'/],
  ['iroute = 10.0.0.0/8', /skipping unknown option 'iroute'/],
  ['session-control = true', /the option 'session-control' is deprecated/],
  ['dpd = 1h', /dpd: "1h" is read as 1; expected a whole number of seconds/],
  ['dpd = -3', /out of range and read as 0/],
  ['dpd = 99999999999', /out of range and read as 2147483647/],
  ['use-occtl = on', /read as false; expected true or false/],
  ['banner =', /has no value and is ignored/],
  ['custom-header = X-A: 1\n  dpd = 77', /expected no white space in front of 'dpd'/],
  ['custom-header = no colon', /is no header and is not sent; expected "Name: value"/],
  ['[other]\ndpd = 1', /skipping unknown section 'other'/],
  ['expose-iroutes = true', /expose-iroutes finds no files without config-per-user/],
  ['[other]', /skipping unknown section 'other'/],
  ['[]]', /a section without a name/],
  ['auth = ""', /auth: has no value and is ignored/],
  ['compression-algo-priority = zip:9', /"zip:9" is ignored; expected oc-lz4:NUMBER or lzs:NUMBER/],
  ['[vhost:a]\nlog-level = 3', /the value of the top level is used for the whole server/],
];

for (const [line, pattern] of warned) {
  test(`accepted with a warning: ${line}`, () => {
    assert.ok(load(line).configuration);
    assert.match(messages(line, 'warning').join('\n'), pattern);
  });
}

test('defaults that are not honoured do not warn', () => {
  assert.deepEqual(messages('', 'warning'), []);
  assert.deepEqual(
    messages('dtls-legacy = false\ncompression = false\nlisten-proxy-proto = false\n', 'warning'),
    [],
  );
});

const accepted: readonly [lines: string, name: string, value: unknown][] = [
  ['dpd = 10\ndpd = 20', 'dpd', 20],
  ['banner = ""x""', 'banner', 'x'],
  ['banner = "a" "b"', 'banner', 'a" "b'],
  ['max-ban-score = ""', 'max-ban-score', 80],
  ['use-occtl = " YES "', 'use-occtl', true],
  ['use-dbus = true', 'use-occtl', true],
  ['min-reauth-time = 7', 'ban-time', 7],
  ['always-require-cert = false', 'cisco-client-compat', true],
  ['always-require-cert = true', 'cisco-client-compat', false],
  ['ipv4-dns = 1.1.1.1\nipv6-dns = ::1\ndns = 8.8.8.8', 'dns', ['1.1.1.1', '::1', '8.8.8.8']],
  ['included-http-headers = X-A: "b"', 'included-http-headers', ['X-A: "b"']],
  [
    'route = 10.0.0.0/8\nroute = 10.0.0.0/255.0.0.0\nroute = fd00::/8',
    'route',
    ['10.0.0.0/255.0.0.0', '10.0.0.0/255.0.0.0', 'fd00::/8'],
  ],
  ['route = 10.0.0.0/8\nroute = default', 'route', []],
  ['route = 0.0.0.0/0', 'route', []],
  [
    'route = a.b\n'.replace('a.b', '1.2.3.4/32') + '  10.1.0.0/16',
    'route',
    ['1.2.3.4/255.255.255.255', '10.1.0.0/255.255.0.0'],
  ],
  ['ipv4-network = 10.1.2.3/16', 'ipv4-network', '10.1.0.0'],
  ['ipv4-network = 10.0.0.0/255.255.0.0', 'ipv4-netmask', '255.255.0.0'],
  ['ipv4-network = 10.0.0.0/8\nipv4-netmask = 255.255.0.0', 'ipv4-netmask', '255.255.0.0'],
  ['ipv6-network = fd00::/48', 'ipv6-prefix', 48],
  ['ipv6-prefix = 48\nipv6-network = fd00::', 'ipv6-prefix', 48],
  ['ipv6-subnet-prefix = 0', 'ipv6-subnet-prefix', 128],
  ['select-group = a b [The label, cut]', 'select-group', ['a b[The label]']],
  ['net-priority = 0x1F', 'net-priority', '0x1F'],
  ['mobile-dpd = 0\ndpd = 33', 'mobile-dpd', 33],
  ['idle-timeout = 33', 'mobile-idle-timeout', 33],
  ['idle-timeout = 33\nmobile-idle-timeout = 0', 'mobile-idle-timeout', 0],
  ['', 'no-udp', true],
  ['udp-port = 443', 'no-udp', false],
  ['listen-host = ::1', 'udp-listen-host', '::1'],
  ['cisco-client-compat = true', 'tls-priorities', 'NORMAL:%SERVER_PRECEDENCE:%COMPAT:-VERS-TLS1.3'],
  ['cisco-client-compat = true\ntls-priorities = NORMAL', 'tls-priorities', 'NORMAL'],
  ['pid-file = /a\npid-file = /b', 'pid-file', '/a'],
  ['connect-script = hooks/up', 'connect-script', '/start/hooks/up'],
  ['syslog-facility = LOCAL3', 'syslog-facility', 'local3'],
  ['rx-data-per-sec = 999', 'rx-data-per-sec', 999],
];

for (const [lines, name, value] of accepted) {
  test(`value of ${name} after ${JSON.stringify(lines)}`, () => {
    assert.deepEqual((settingsOf(lines) as Record<string, unknown>)[name], value);
  });
}

test('secrets are never part of a message', () => {
  for (const lines of [
    'key-pin = hunter2',
    'srk-pin = hunter2',
    'camouflage_secret = hunter2',
    'key-pin hunter2',
  ]) {
    const found = messages(`${lines}\ntcp-port = 0`);
    assert.ok(found.length > 0);
    assert.doesNotMatch(found.join('\n'), /hunter2/);
  }
});

test('a message shows control characters of the file as escapes', () => {
  assert.match(messages('rekey-method = a\u001b[31m', 'error').join(), /a\\u001b\[31m/);
});

test('notes of the C program keep their sentences', () => {
  assert.deepEqual(messages('use-seccomp = true\n[vhost:www.münchen.de]\ndpd = 1', 'note'), [
    "note: virtual host name 'www.münchen.de' was canonicalized to 'www.xn--mnchen-3ya.de'",
    'note: adding virtual host: www.xn--mnchen-3ya.de',
    `note: 'use-seccomp' was replaced by 'isolate-workers' (test.conf:${firstLine}:1)`,
    "note: vhost:default: setting 'plain' as primary authentication method",
    "note: setting 'file' as supplemental config option",
  ]);
});

test('files that cannot be read are one message each', () => {
  assert.match(
    loadConfiguration('/no/such/file').diagnostics.map(formatDiagnostic).join(),
    /cannot access config file: \/no\/such\/file/,
  );
  assert.match(loadConfiguration('/').diagnostics.map(formatDiagnostic).join(), /Is a directory/);
});

test('with checkFiles a missing certificate and key are errors', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'config-'));
  try {
    const file = path.join(folder, 'ocserv.conf');
    writeFileSync(file, complete);
    const { configuration, diagnostics } = loadConfiguration(file, { checkFiles: true });
    assert.equal(configuration, undefined);
    const errors = diagnostics.filter(({ severity }) => severity === 'error').map(({ option }) => option);
    assert.deepEqual(errors, ['server-cert', 'server-key']);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a configuration survives its way through JSON', () => {
  const { configuration } = load('[vhost:a]\ndns = 1.1.1.1\n');
  assert.deepEqual(parseConfigurationObject(JSON.parse(JSON.stringify(configuration))), configuration);
});

test('what is no configuration is refused on arrival, naming the member', () => {
  const whole = JSON.parse(JSON.stringify(load('').configuration)) as {
    hosts: { settings: Record<string, unknown> }[];
  };
  whole.hosts[0]!.settings['dpd'] = '90';
  assert.throws(() => parseConfigurationObject(whole), /configuration\.hosts\[0\]\.settings\.dpd/);
  for (const wrong of [null, [], 1, {}, { file: 'x', hosts: [] }, { file: 1, hosts: [{}] }]) {
    assert.throws(() => parseConfigurationObject(wrong), RangeError);
  }
});
