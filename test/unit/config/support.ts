// A complete configuration to which a test adds its lines, and shortcuts to what came of it.
import { formatDiagnostic, parseConfiguration, type Loaded } from '../../../core/config/index.ts';

export const complete = `auth = plain[passwd=/etc/ocserv/ocpasswd]
tcp-port = 443
socket-file = /run/ocserv-socket
server-cert = /c.pem
server-key = /k.pem
device = vpns
ipv4-network = 192.168.77.0/24
`;

/** Lines of a test begin here. */
export const firstLine = complete.split('\n').length;

export function load(lines: string, before = complete): Loaded {
  return parseConfiguration('test.conf', before + lines, { folder: '/start' });
}

/** The default host's settings; fails on an error. */
export function settingsOf(lines: string, host = 0) {
  const { configuration, diagnostics } = load(lines);
  if (configuration === undefined) throw new Error(diagnostics.map(formatDiagnostic).join('\n'));
  const found = configuration.hosts[host];
  if (found === undefined) throw new RangeError(`no host ${host}`);
  return found.settings;
}

export function messages(
  lines: string,
  severity?: 'error' | 'warning' | 'note',
  before = complete,
): string[] {
  return load(lines, before)
    .diagnostics.filter((diagnostic) => severity === undefined || diagnostic.severity === severity)
    .map(formatDiagnostic);
}
