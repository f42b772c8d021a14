// The component a log line starts with, as the C program writes it: log watchers and fail2ban filters look for these
// shapes. Used by main, secmod and workers when they make a logger or a child of it.
//
//   main: msg        main[USER]:IP:PORT msg        main:IP:PORT msg       IPv6 as [addr]:port
//   worker: IP msg   worker[USER]: IP msg
//   sec-mod: msg     sec-mod: vhost:NAME: msg
// A virtual host with a name stands inside the brackets: [vhost:NAME: USER] or [vhost:NAME].
import { escapeText } from './escape.ts';

const MAX_NAME_CHARACTERS = 64;

export interface ClientOfLine {
  readonly address: string;
  readonly username?: string | undefined;
  /** Absent or "default" for the host without a name. */
  readonly vhost?: string | undefined;
}

export function mainPrefix(client?: ClientOfLine & { readonly port: number }): string {
  if (client === undefined) return 'main:';
  const address = client.address.includes(':') ? `[${client.address}]` : client.address;
  return `main${bracket(client)}:${address}:${String(client.port)}`;
}

export function workerPrefix(client?: ClientOfLine): string {
  return client === undefined ? 'worker:' : `worker${bracket(client)}: ${client.address}`;
}

export function secmodPrefix(vhost?: string): string {
  return isNamed(vhost) ? `sec-mod: vhost:${name(vhost)}:` : 'sec-mod:';
}

function bracket({ username, vhost }: ClientOfLine): string {
  const host = isNamed(vhost) ? `vhost:${name(vhost)}` : undefined;
  const user = username === undefined || username === '' ? undefined : name(username);
  if (host === undefined && user === undefined) return '';
  return `[${[host, user].filter((part) => part !== undefined).join(': ')}]`;
}

function isNamed(vhost: string | undefined): vhost is string {
  return vhost !== undefined && vhost !== '' && vhost !== 'default';
}

/** A name that a client chose cannot close the bracket and go on with an address of its choice. */
function name(text: string): string {
  return escapeText(text, MAX_NAME_CHARACTERS).replace(
    /['[\]\\]/g,
    (character) => `\\x${character.charCodeAt(0).toString(16)}`,
  );
}
