// The files that a configuration names: what would stop the server at start is an error, what would hurt later
// a warning. Called by load.ts when asked for; opens nothing for writing.
import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import type { Checked } from './check.ts';
import { findProgram } from '../system/index.ts';
import { namespaceFile } from './network-namespace.ts';
import type { OptionName } from './options.ts';

type Say = (severity: 'error' | 'warning', text: string, option: OptionName) => void;

/** Where libpam looks for services. */
const PAM_FOLDERS = ['/etc/pam.d', '/usr/lib/pam.d', '/lib/pam.d'] as const;

export function checkFiles({ host, places, report }: Checked): void {
  const { settings } = host;
  const isDefault = host.name === undefined;
  const own = (option: OptionName): boolean => isDefault || host.explicit.includes(option);
  const say: Say = (severity, text, option) => {
    // A host with a certificate of its own and the key of the default host: the certificate is what it wrote.
    const written = option === 'server-key' && !places.has(option) ? 'server-cert' : option;
    const place = places.get(written) ?? { line: 1, column: 1 };
    report(severity, text, { place, vhost: host.name, option });
  };
  if (own('server-cert') || own('server-key')) {
    settings['server-cert'].forEach((file, index) => {
      checkPair(file, settings['server-key'][index], host.name, pinOf(settings), say);
    });
  }
  if (settings['pin-file'] !== undefined && settings['key-pin'] === undefined && own('pin-file')) {
    const file = settings['pin-file'];
    if (readable(file, (text) => say('error', `${text}; expected a file with the PIN`, 'pin-file'))) {
      warnOfOthers(file, 'the PIN file', say, 'pin-file');
    }
  }
  const asksCertificate = [...settings.auth, ...settings['enable-auth']].some(
    ({ name }) => name === 'certificate',
  );
  for (const option of ['dh-params', 'ca-cert', 'crl', 'user-profile'] as const) {
    const file = settings[option];
    if (file !== undefined && own(option)) {
      const isNeeded = option === 'dh-params' || (asksCertificate && option !== 'user-profile');
      const severity = isNeeded ? 'error' : 'warning';
      readable(file, (text) => say(severity, `${text}; expected a readable file`, option));
    }
  }
  if (asksCertificate && own('ca-cert')) checkAuthorities(settings['ca-cert'], say);
  if (settings['ocsp-response'] !== undefined && own('ocsp-response')) {
    readable(settings['ocsp-response'], (text) =>
      say('warning', `${text}; expected a DER file`, 'ocsp-response'),
    );
  }
  const namespace = settings['listen-netns'];
  if (isDefault && namespace !== undefined && !existsSync(namespaceFile(namespace))) {
    say(
      'error',
      `there is no ${namespaceFile(namespace)}; expected a namespace of ip-netns(8)`,
      'listen-netns',
    );
  }
  for (const option of ['auth', 'enable-auth'] as const) {
    for (const { name, options } of own(option) ? settings[option] : []) {
      if (name === 'pam') checkPamService(options['service'] ?? 'ocserv', option, say);
      if (name === 'radius') checkRadius(options['config'], say, option);
      if (name === 'oidc') checkOidc(options['config'], say, option);
      for (const [file, what] of [
        [options['passwd'], 'the password file'],
        [options['otp'], 'the file of one-time passwords'],
      ] as const) {
        if (file === undefined || file === '') continue;
        if (readable(file, (text) => say('warning', `${text}; nobody can log in until it exists`, option)))
          warnOfOthers(file, what, say, option);
      }
    }
  }
  if (own('acct') && settings.acct?.name === 'radius')
    checkRadius(settings.acct.options['config'], say, 'acct');
  for (const option of ['connect-script', 'disconnect-script', 'host-update-script'] as const) {
    const file = settings[option];
    if (file === undefined || !own(option)) continue;
    const mode = modeOf(file);
    if (mode === undefined || (mode & 0o111) === 0) {
      say('warning', `cannot run '${file}'; expected an executable file`, option);
    }
  }
  for (const option of ['config-per-user', 'config-per-group'] as const) {
    const folder = settings[option];
    if (folder === undefined || !own(option)) continue;
    if (!isFolder(folder)) say('warning', `cannot open folder '${folder}'; expected a folder`, option);
  }
  for (const option of ['default-user-config', 'default-group-config'] as const) {
    const file = settings[option];
    if (file === undefined || !own(option)) continue;
    readable(file, (text) => say('warning', `${text}; sessions that need it are refused`, option));
  }
  for (const option of ['restrict-user-to-routes', 'restrict-user-to-ports'] as const) {
    if (!host.explicit.includes(option) || findProgram('nft') !== undefined) continue;
    const value = settings[option];
    if (value === false || (typeof value === 'object' && value.length === 0)) continue;
    say('error', "cannot run 'nft', which sets the rules; expected the package nftables", option);
  }
  if (own('ping-leases') && settings['ping-leases'] && findProgram('ping') === undefined)
    say(
      'warning',
      "cannot run 'ping', so addresses are leased without asking; expected the package iputils-ping",
      'ping-leases',
    );
  if (!isDefault) return;
  checkAccount('passwd', settings['run-as-user'], 'run-as-user', say);
  for (const option of ['run-as-group', 'occtl-socket-group', 'occtl-read-only-group'] as const)
    checkAccount('group', settings[option], option, say);
  const control = path.dirname(settings['occtl-socket-file']);
  if (settings['use-occtl'] && !isFolder(control)) {
    say(
      'error',
      `cannot open folder '${control}'; expected the folder of the socket to exist`,
      'occtl-socket-file',
    );
  }
}

/** Its content is looked at where its secrets are: the server says at its start what is wrong with it. */
function checkRadius(file: string | undefined, say: Say, option: OptionName): void {
  if (file !== undefined) {
    readable(file, (text) => say('error', `${text}; expected a configuration file of radcli`, option));
  }
}

function checkOidc(file: string | undefined, say: Say, option: OptionName): void {
  if (file !== undefined) {
    readable(file, (text) =>
      say('error', `${text}; expected a JSON file with openid_configuration_url`, option),
    );
  }
}

function pinOf(settings: Checked['host']['settings']): string | undefined {
  if (settings['key-pin'] !== undefined) return settings['key-pin'];
  const file = settings['pin-file'];
  try {
    return file === undefined ? undefined : readFileSync(file, 'utf8').split(/\r?\n/)[0];
  } catch {
    return undefined;
  }
}

function checkPair(
  certificateFile: string,
  keyFile: string | undefined,
  vhost: string | undefined,
  pin: string | undefined,
  say: Say,
): void {
  const certificate = checkCertificate(certificateFile, vhost, say);
  if (keyFile === undefined) return;
  if (/^(pkcs11|tpmkey|tpm2?|system):/i.test(keyFile)) {
    say('error', `keys in tokens are not built in this release; expected a PEM file`, 'server-key');
    return;
  }
  const key = checkKey(keyFile, pin, say);
  if (certificate !== undefined && key !== undefined && !certificate.checkPrivateKey(key)) {
    say(
      'error',
      `the key '${keyFile}' does not belong to '${certificateFile}'; expected a pair`,
      'server-key',
    );
  }
}

function checkCertificate(file: string, vhost: string | undefined, say: Say): X509Certificate | undefined {
  if (/^[a-z][a-z0-9+.-]*:/i.test(file)) {
    say('error', `Loading a certificate from '${file}' is unsupported; expected a PEM file`, 'server-cert');
    return undefined;
  }
  const bytes = read(file, (text) => say('error', `${text}; expected a PEM certificate`, 'server-cert'));
  if (bytes === undefined) return undefined;
  let certificate: X509Certificate;
  try {
    if (!bytes.includes('-----BEGIN CERTIFICATE-----')) throw new RangeError('not PEM');
    certificate = new X509Certificate(bytes);
  } catch {
    say('error', `error loading file '${file}'; expected a PEM certificate`, 'server-cert');
    return undefined;
  }
  const now = Date.now();
  const warn = (text: string): void => say('warning', text, 'server-cert');
  if (certificate.validToDate.getTime() < now) {
    warn(`The DN certificate set is expired!; expected a certificate valid today`);
  } else if (certificate.validFromDate.getTime() > now) {
    warn(`The DN certificate set is not yet active!; expected a certificate valid today`);
  }
  if (vhost !== undefined && certificate.checkHost(vhost) === undefined) {
    warn(`The DN certificate's name doesn't match for vhost ${vhost}; expected it among the names`);
  }
  return certificate;
}

/** What the security module would refuse at the start; that the file can be read is checked above. */
function checkAuthorities(file: string | undefined, say: Say): void {
  const bytes = file === undefined ? undefined : read(file, () => undefined);
  if (file === undefined || bytes === undefined) return;
  try {
    new X509Certificate(bytes);
  } catch {
    say('error', `error setting the CA (${file}) file; expected PEM certificates`, 'ca-cert');
  }
}

function checkKey(file: string, pin: string | undefined, say: Say): KeyObject | undefined {
  // -t works without root: a key that only root reads is then left unchecked.
  const bytes = read(file, (text, code) =>
    say(code === 'EACCES' ? 'warning' : 'error', `${text}; expected a PEM private key`, 'server-key'),
  );
  if (bytes === undefined) return undefined;
  warnOfOthers(file, 'the private key', say, 'server-key');
  try {
    return createPrivateKey(pin === undefined ? bytes : { key: bytes, passphrase: pin });
  } catch {
    const expected =
      pin === undefined && bytes.includes('ENCRYPTED')
        ? 'key-pin or pin-file, as the key is encrypted'
        : pin === undefined
          ? 'a PEM private key'
          : 'a PEM private key, and its PIN';
    say('error', `error loading file '${file}'; expected ${expected}`, 'server-key');
    return undefined;
  }
}

function warnOfOthers(file: string, what: string, say: Say, option: OptionName): void {
  const mode = modeOf(file) ?? 0;
  if ((mode & 0o004) !== 0)
    say('warning', `${what} '${file}' is readable by others; expected mode 0600`, option);
  else if ((mode & 0o022) !== 0)
    say('warning', `${what} '${file}' is writable by others; expected mode 0600`, option);
}

function read(file: string, problem: (text: string, code: string) => void): Buffer | undefined {
  try {
    if (!statSync(file).isFile()) {
      problem(`cannot open file ${file} (not a file)`, 'NOT_A_FILE');
      return undefined;
    }
    return readFileSync(file);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'UNKNOWN';
    problem(`cannot open file ${file} (${code})`, code);
    return undefined;
  }
}

function readable(file: string, problem: (text: string) => void): boolean {
  return read(file, problem) !== undefined;
}

function modeOf(file: string): number | undefined {
  try {
    const stat = statSync(file);
    return stat.isFile() ? stat.mode : undefined;
  } catch {
    return undefined;
  }
}

function isFolder(folder: string): boolean {
  try {
    return statSync(folder).isDirectory();
  } catch {
    return false;
  }
}

function checkAccount(
  database: 'passwd' | 'group',
  name: string | undefined,
  option: 'run-as-user' | 'run-as-group' | 'occtl-socket-group' | 'occtl-read-only-group',
  say: Say,
): void {
  if (name === undefined) return;
  const kind = database === 'passwd' ? 'user' : 'group';
  if (!hasAccount(database, name)) {
    say('error', `unknown ${kind}: ${name}; expected the name of a ${kind} of this machine`, option);
  }
}

function hasAccount(database: 'passwd' | 'group', name: string): boolean {
  const listed = (text: string): boolean => text.split('\n').some((line) => line.startsWith(`${name}:`));
  try {
    if (listed(readFileSync(`/etc/${database}`, 'utf8'))) return true;
    // Accounts of directories (LDAP and the like) are known to the name service alone.
    return listed(execFileSync('getent', [database, '--', name], { encoding: 'utf8', timeout: 5000 }));
  } catch {
    return false;
  }
}

/** Without a file of its own a service is that of "other", which refuses everybody on most systems. */
function checkPamService(service: string, option: OptionName, say: Say): void {
  const files = PAM_FOLDERS.map((folder) => `${folder}/${service}`);
  if (files.some((file) => existsSync(file))) return;
  say('warning', `there is no PAM service '${service}'; expected ${files[0]}`, option);
}
