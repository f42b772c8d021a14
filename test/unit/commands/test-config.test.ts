// What an administrator sees of a wrong configuration file: the built program, its whole standard error, its status.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'node:test';

const ocserv = path.resolve(import.meta.dirname, '../../../bin/ocserv');

const mistakes = `# every line but this one and those marked "right" has a mistake of its own kind
auth = "plain[psswd=/etc/ocserv/passwd]"
tcp-prot = 443
tcp-port = 44x
udp-port = 70000
socket-file = ocserv.socket # right
server-cert = missing-cert.pem
server-key = missing-key.pem
use-occtl = maybe
dpd = 90 # right
dpd = 60
ipv4-network = 192.168.77.300/24
ipv6-network = fd00::/200
route = 10.0.0.0/33
dns = 1.2.3
rekey-method = sll
just some words
run-as-user = no-such-user
[vhost:]
[vhost:www.example.com]
max-clients = 5
server-cert = www-cert.pem
`;

/** Severity, place and text of each complaint; FILE and FOLDER stand for the temporary ones. */
const complaints = `error: FILE:17:1: config file error in line 17: neither "=" nor ":" found; expected name = value
error: FILE:19:1: virtual host name is illegal ''; expected a host name of 1 to 253 bytes
note: adding virtual host: www.example.com
error: FILE:2:8: auth: unknown option 'psswd'; expected passwd, otp, otp-window
warning: FILE:3:1: skipping unknown option 'tcp-prot'; expected the name of an option; did you mean 'tcp-port'?
error: FILE:4:12: tcp-port: found "44x"; expected a port number, 0…65535
error: FILE:5:12: udp-port: found "70000"; expected a port number, 0…65535
warning: FILE:9:13: use-occtl: "maybe" is read as false; expected true or false
warning: FILE:11:7: dpd: takes the place of line 10; expected the option once
error: FILE:12:16: ipv4-network: found "192.168.77.300/24"; expected an address with prefix such as 192.168.77.0/24
error: FILE:13:16: ipv6-network: no prefix found for IPv6 network.; expected address/1…127
error: FILE:14:9: route: cannot figure format of route '10.0.0.0/33'; expected address/prefix or address/mask
error: FILE:15:7: dns: found "1.2.3"; expected one IP address a line
error: FILE:16:16: rekey-method: found "sll"; expected "new-tunnel" or "ssl"
error: FILE:21:1: vhost:www.example.com: 'max-clients' cannot be set inside a virtual host section; expected before the first [vhost:…]
error: FILE:1:1: the 'device' configuration option must be specified!; expected e.g. device = vpns
note: setting 'file' as supplemental config option
error: FILE:7:15: server-cert: cannot open file FOLDER/missing-cert.pem (ENOENT); expected a PEM certificate
error: FILE:8:14: server-key: cannot open file FOLDER/missing-key.pem (ENOENT); expected a PEM private key
error: FILE:18:15: run-as-user: unknown user: no-such-user; expected the name of a user of this machine
error: FILE:22:15: vhost:www.example.com: server-cert: cannot open file FOLDER/www-cert.pem (ENOENT); expected a PEM certificate
error: FILE:22:15: vhost:www.example.com: server-key: cannot open file FOLDER/missing-key.pem (ENOENT); expected a PEM private key
`;

function withFolder(use: (folder: string) => void): void {
  const folder = mkdtempSync(path.join(tmpdir(), 'ocserv-mistakes-'));
  try {
    use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

for (const [title, flags] of [
  ['--test-config', ['--test-config']],
  ['-t', ['-t']],
  ['starting in the foreground', ['--foreground', '--log-stderr']],
  ['starting in the background', []],
] as const) {
  test(`${title}: every mistake of a file has its own message with line, column and what was expected`, () => {
    withFolder((folder) => {
      const file = path.join(folder, 'ocserv.conf');
      writeFileSync(file, mistakes);
      const outcome = spawnSync(ocserv, [...flags, '-c', file], { cwd: folder, encoding: 'utf8' });
      assert.equal(outcome.stderr, complaints.replaceAll('FILE', file).replaceAll('FOLDER', folder));
      assert.equal(outcome.stdout, '');
      assert.equal(outcome.status, 1);
    });
  });
}

test('a file that is not there is one sentence', () => {
  const { stderr, status } = spawnSync(ocserv, ['-t', '-c', '/no/such.conf'], { encoding: 'utf8' });
  assert.equal(
    stderr,
    'error: /no/such.conf: cannot access config file: /no/such.conf (ENOENT); expected a readable file, name it with --config\n',
  );
  assert.equal(status, 1);
});
