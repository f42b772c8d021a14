// What the children are configured with, made from main's configuration: file names become file contents for the
// workers, which open nothing. Throws with the file's name when one cannot be read; then a reload is refused.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import {
  parseKdcRow,
  parseSelectGroup,
  serverKeyId,
  type Configuration,
  type LoggingConfiguration,
  type Settings,
  type WorkerConfiguration,
  type WorkerHost,
} from '../config/index.ts';
import { memoryAllowance } from './worker-memory.ts';

export function workerConfiguration(
  configuration: Configuration,
  logging: LoggingConfiguration,
  runAs: { readonly uid: number; readonly gid: number },
  udpPort: number,
): WorkerConfiguration {
  const [first, ...others] = configuration.hosts.map(({ name, settings }): WorkerHost => {
    const asksCertificate = [...settings.auth, ...settings['enable-auth']].some(
      (method) => method.name === 'certificate',
    );
    const authorities = asksCertificate ? fileText(settings['ca-cert']) : undefined;
    const dhParameters = fileText(settings['dh-params']);
    const ocsp = settings['ocsp-response'];
    return {
      ...(name === undefined ? {} : { name }),
      settings: workerSettings(settings, udpPort),
      certificates: settings['server-cert'].map((file) => {
        const chain = readFileSync(file, 'utf8');
        return { chain, keyId: serverKeyId(chain) };
      }),
      ...(authorities === undefined ? {} : { clientAuthorities: authorities }),
      ...(dhParameters === undefined ? {} : { dhParameters }),
      ...(ocsp === undefined ? {} : { ocspResponse: readFileSync(ocsp).toString('base64') }),
      ...camouflageOf(settings),
    };
  });
  const defaults = configuration.hosts[0]?.settings;
  if (first === undefined || defaults === undefined) throw new Error('a configuration without default host');
  const chroot = defaults['chroot-dir'];
  const memoryBytes = memoryAllowance(defaults);
  return {
    hosts: [first, ...others],
    sandbox: {
      ...runAs,
      ...(chroot === undefined ? {} : { chroot }),
      seccomp: defaults['isolate-workers'],
      ...(memoryBytes === undefined ? {} : { memoryBytes }),
    },
    packetPathDisable: defaults['packet-path-disable'],
    logging,
  };
}

function workerSettings(settings: Settings, udpPort: number): WorkerHost['settings'] {
  const optional = <K extends string>(name: K, value: string | undefined) =>
    (value === undefined ? {} : { [name]: value }) as { readonly [N in K]?: string };
  return {
    auth: settings.auth.map(({ name }) => name),
    'enable-auth': settings['enable-auth'].map(({ name }) => name),
    'tls-priorities': settings['tls-priorities'],
    'match-tls-dtls-ciphers': settings['match-tls-dtls-ciphers'],
    'dtls-psk': settings['dtls-psk'],
    // Cisco's older clients and phones have no other.
    'dtls-legacy':
      settings['dtls-legacy'] || settings['cisco-client-compat'] || settings['cisco-svc-client-compat'],
    'cisco-client-compat': settings['cisco-client-compat'],
    'cisco-svc-client-compat': settings['cisco-svc-client-compat'],
    'udp-port': settings['udp-port'] === 0 ? 0 : udpPort,
    'auth-timeout': settings['auth-timeout'],
    'cookie-timeout': settings['cookie-timeout'],
    'rekey-time': settings['rekey-time'],
    'rekey-method': settings['rekey-method'] === 'ssl' ? 'ssl' : 'new-tunnel',
    'switch-to-tcp-timeout': settings['switch-to-tcp-timeout'],
    'try-mtu-discovery': settings['try-mtu-discovery'],
    'output-buffer': settings['output-buffer'],
    'select-group': settings['select-group'].map((line) => parseSelectGroup(line)),
    ...optional('default-select-group', settings['default-select-group']),
    'auto-select-group': settings['auto-select-group'],
    'select-group-by-url': settings['select-group-by-url'],
    ...optional('proxy-url', settings['proxy-url']),
    'custom-header': settings['custom-header'],
    'included-http-headers': settings['included-http-headers'],
    compression: settings.compression,
    'compression-algo-priority': settings['compression-algo-priority'],
    'no-compress-limit': settings['no-compress-limit'],
    ...optional('banner', settings.banner),
    ...optional('pre-login-banner', settings['pre-login-banner']),
    'listen-host-is-dyndns': settings['listen-host-is-dyndns'],
    kkdcp: [...new Set(settings.kkdcp.map((row) => parseKdcRow(row).path))],
  };
}

function camouflageOf(settings: Settings): Pick<WorkerHost, 'camouflage'> {
  const { camouflage, camouflage_secret: secret, camouflage_realm: realm } = settings;
  if (!camouflage || secret === undefined) return {};
  const secretSha256 = createHash('sha256').update(secret).digest('hex');
  return { camouflage: { secretSha256, ...(realm === undefined || realm === '' ? {} : { realm }) } };
}

function fileText(file: string | undefined): string | undefined {
  return file === undefined ? undefined : readFileSync(file, 'utf8');
}
