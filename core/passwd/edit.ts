// Edits of a password file as pure functions from text to text. The text has one character per byte
// (latin1), so that lines nobody understands, their order and their line ends stay as they are.
import { bytesOf, MAX_LINE_BYTES } from './file-format.ts';

export type Edit =
  | { readonly outcome: 'added' | 'changed' | 'deleted' | 'locked' | 'unlocked'; readonly text: string }
  /** The file already says so. */
  | { readonly outcome: 'unchanged' }
  | { readonly outcome: 'no-such-user' }
  /** Unlocking would leave an account without any hash. */
  | { readonly outcome: 'no-password' }
  | { readonly outcome: 'line-too-long'; readonly maxBytes: number };

/**
 * Adds a user at the end, or gives every line of that name the new hash (which ends a lock). Groups are
 * kept unless given; an empty list means none.
 */
export function setPassword(
  text: string,
  name: string,
  groups: readonly string[] | undefined,
  hash: string,
): Edit {
  const given = groups === undefined ? undefined : groupField(groups);
  const own = linesOf(text).find((line) => isOf(line, name));
  const kept = own === undefined ? undefined : fieldsOf(own)[1];
  const groupList = given ?? (kept === undefined || kept === '' ? '*' : kept);
  const line = `${bytesOf(name)}:${groupList}:${hash}`;
  if (own === undefined) {
    if (line.length > MAX_LINE_BYTES) return { outcome: 'line-too-long', maxBytes: MAX_LINE_BYTES };
    const before = text === '' || text.endsWith('\n') ? text : `${text}\n`;
    return { outcome: 'added', text: `${before}${line}\n` };
  }
  // Fields after the third are somebody else's: they stay.
  return change(text, name, 'changed', (fields) => [fields[0] ?? '', groupList, hash, ...fields.slice(3)]);
}

export function deleteEntry(text: string, name: string): Edit {
  const lines = linesOf(text);
  const rest = lines.filter((line) => !isOf(line, name));
  return rest.length === lines.length
    ? { outcome: 'no-such-user' }
    : { outcome: 'deleted', text: rest.join('') };
}

/** Puts "!" before the hash. */
export function lockEntry(text: string, name: string): Edit {
  return change(text, name, 'locked', (fields) => {
    const [user = '', groups = '*', hash = '', ...others] = fields;
    return [user, groups, hash.startsWith('!') ? hash : `!${hash}`, ...others];
  });
}

/** Takes one "!" away. */
export function unlockEntry(text: string, name: string): Edit {
  const opensAccount = linesOf(text).some((line) => isOf(line, name) && fieldsOf(line)[2] === '!');
  if (opensAccount) return { outcome: 'no-password' };
  return change(text, name, 'unlocked', (fields) =>
    fields.map((field, index) => (index === 2 && field.startsWith('!') ? field.slice(1) : field)),
  );
}

function change(
  text: string,
  name: string,
  outcome: 'changed' | 'locked' | 'unlocked',
  rewrite: (fields: string[]) => string[],
): Edit {
  let found = false;
  let longest = 0;
  const lines = linesOf(text).map((line) => {
    if (!isOf(line, name)) return line;
    found = true;
    const end = /\r*\n?$/.exec(line)?.[0] ?? '';
    const rewritten = rewrite(fieldsOf(line)).join(':');
    longest = Math.max(longest, rewritten.length);
    return rewritten + end;
  });
  if (!found) return { outcome: 'no-such-user' };
  if (longest > MAX_LINE_BYTES) return { outcome: 'line-too-long', maxBytes: MAX_LINE_BYTES };
  const result = lines.join('');
  return result === text ? { outcome: 'unchanged' } : { outcome, text: result };
}

function groupField(groups: readonly string[]): string {
  return groups.length === 0 ? '*' : groups.map(bytesOf).join(',');
}

/** Lines with their ends. */
function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

function fieldsOf(line: string): string[] {
  return line.replace(/\r*\n?$/, '').split(':');
}

function isOf(line: string, name: string): boolean {
  return line.startsWith(`${bytesOf(name)}:`);
}
