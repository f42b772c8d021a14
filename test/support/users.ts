// What occtl shows of the users, for tests that look at sessions.
import assert from 'node:assert/strict';
import type { Site } from './site.ts';

export interface UserRow {
  readonly ID: number;
  readonly Username: string;
  readonly State: string;
  readonly Session: string;
  readonly IPv4: string;
  readonly 'Remote IP'?: string;
  readonly 'DTLS cipher'?: string;
}

export function showUsers(site: Site): Promise<UserRow[]> {
  return site.occtlJson<UserRow[]>('show', 'users');
}

/** The one there is. */
export async function showUser(site: Site): Promise<UserRow> {
  const [row, ...others] = await showUsers(site);
  assert.ok(row !== undefined && others.length === 0, 'one session');
  return row;
}

export const hasDtls = (user: UserRow): boolean => user['DTLS cipher'] !== undefined;

/** Names of the server's tunnel devices. */
export async function tunnelDevices(site: Site): Promise<string[]> {
  const text = await site.namespace.mustRun(['ip', '-br', 'link']);
  return [...text.matchAll(/^(vpns\d+)/gm)].map(([, name]) => name ?? '');
}
