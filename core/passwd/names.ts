// Which user and group names may stand in a password file. Used by the edits and by ocpasswd.

// The protocol's buffers are 64 bytes with the terminator: a longer name could never log in.
const MAX_NAME_BYTES = 63;

/** Says what is wrong with a user name; undefined when it may be used. */
export function userNameProblem(name: string): string | undefined {
  if (name === '') return 'is empty';
  if (Buffer.byteLength(name) > MAX_NAME_BYTES) return `is longer than ${MAX_NAME_BYTES} bytes`;
  if (name.includes(':')) return 'contains ":", which separates the fields of the file';
  // C0, DEL and C1 controls, and the line separators some programs break lines at.
  if (/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(name)) return 'contains a control character';
  if (!name.isWellFormed()) return 'is not valid Unicode';
  return undefined;
}

/** The same for one group name; a comma separates groups. */
export function groupNameProblem(name: string): string | undefined {
  if (name.includes(',')) return 'contains ",", which separates groups';
  return userNameProblem(name);
}

/**
 * Splits a comma-separated list as given by hand or found in a file. Blanks around names are trimmed; names
 * of one character ("*") mean "no group", as the server has always read them.
 */
export function splitGroups(list: string): string[] {
  return list
    .split(',')
    .map((name) => name.replace(/^[ \t]+|[ \t]+$/g, ''))
    .filter((name) => name.length > 1);
}
