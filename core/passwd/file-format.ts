// The password file: one entry a line, `user:group1,group2:hash`. Read by the security module at a login and
// edited by ocpasswd. All text is handled as bytes (latin1 strings), so that lines nobody understands
// survive an edit unchanged; names are compared as UTF-8 bytes.
//
// The rules are those of the servers in the field: no comment syntax; lines of four bytes and less are
// skipped; the first entry of a name wins; fields after the third are ignored; a hash that begins with "!"
// is a locked account.
import { splitGroups } from './names.ts';

/** Bytes of a line without its end. Servers in the field cut longer lines, so an entry there never matches. */
export const MAX_LINE_BYTES = 511;
const MIN_LINE_BYTES = 5;
/** Of one user; the rest is ignored. */
const MAX_GROUPS = 512;

export interface PasswordEntry {
  readonly name: string;
  readonly groups: readonly string[];
  /** As it stands in the file, "!" of a lock included; "" when there is none. Never to be logged. */
  readonly hash: string;
}

export interface PasswordFile {
  find(username: string): PasswordEntry | undefined;
  /** All groups of the file, in order of appearance. */
  readonly groups: readonly string[];
  readonly entries: readonly PasswordEntry[];
  /** Numbers of lines that are too long to be read. */
  readonly overlongLines: readonly number[];
}

export function parsePasswordFile(content: Buffer): PasswordFile {
  // A Map, because names come from outside ("__proto__").
  const byName = new Map<string, PasswordEntry>();
  const groups = new Set<string>();
  const overlongLines: number[] = [];
  for (const [index, raw] of content.toString('latin1').split('\n').entries()) {
    const line = raw.replace(/\r+$/, '');
    if (line.length < MIN_LINE_BYTES) continue;
    if (line.length > MAX_LINE_BYTES) {
      overlongLines.push(index + 1);
      continue;
    }
    const [name, groupList, hash] = line.split(':');
    if (name === undefined || name === '' || groupList === undefined || hash === undefined) continue;
    const own = splitGroups(groupList).slice(0, MAX_GROUPS).map(textOf);
    for (const group of own) groups.add(group);
    if (!byName.has(name)) byName.set(name, { name: textOf(name), groups: own, hash });
  }
  return {
    find: (username) => byName.get(bytesOf(username)),
    groups: [...groups],
    entries: [...byName.values()],
    overlongLines,
  };
}

/** UTF-8 text as a string with one character per byte. */
export function bytesOf(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

function textOf(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
