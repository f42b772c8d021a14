// The version lines of the four programs. Scripts read the last word of the first line; the capability names in
// the server's "Compiled with" line are what scripts search for.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';

function packageVersion(): string {
  let folder = import.meta.dirname;
  for (;;) {
    try {
      const text = readFileSync(path.join(folder, 'package.json'), 'utf8');
      return (JSON.parse(text) as { version: string }).version;
    } catch {
      folder = path.dirname(folder);
    }
  }
}

export const version = packageVersion();

const titles: Readonly<Record<string, string>> = {
  ocserv: 'OpenConnect VPN Server',
  occtl: 'OpenConnect server control (occtl) version',
  ocpasswd: 'ocpasswd -',
  occert: 'occert',
};

/** What this build can do, in the C program's words. */
const capabilities = ['seccomp', 'oath', 'radius', 'gssapi', 'PAM', 'AnyConnect', 'oidc_auth'];

export function versionLines(program: string): string[] {
  const first = `${titles[program] ?? program} ${version}`;
  if (program !== 'ocserv') return [first];
  return [
    first,
    '',
    `Compiled with: ${capabilities.join(', ')}`,
    `TLS library: OpenSSL ${process.versions.openssl} (Node.js ${process.versions.node})`,
  ];
}
