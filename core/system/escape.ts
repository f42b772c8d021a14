// Text that somebody else chose, made fit for a log line or a message: no control characters, bounded length.
// Used by the logger and by whoever quotes a client's words.

/**
 * C0, C1, the line separators that some viewers obey, and the marks that turn the direction of writing (with
 * them a name could be made to look like another line).
 */
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** `a\nb` becomes `a\x0ab`; longer than `maxCharacters` is cut and ends in "…". */
export function escapeText(text: string, maxCharacters: number): string {
  const cut = text.length > maxCharacters ? `${text.slice(0, maxCharacters)}…` : text;
  return escapeControls(cut.toWellFormed());
}

export function escapeControls(text: string): string {
  return text.replace(UNSAFE, (character) => {
    const code = character.charCodeAt(0).toString(16);
    return code.length <= 2 ? `\\x${code.padStart(2, '0')}` : `\\u${code.padStart(4, '0')}`;
  });
}

/** The longest beginning of `text` that has at most `maxBytes` bytes of UTF-8, never half a character. */
export function cutToBytes(text: string, maxBytes: number): string {
  // Every UTF-16 unit has one to three bytes, so most texts need no counting.
  if (text.length * 3 <= maxBytes) return text;
  const bytes = Buffer.from(text);
  if (bytes.length <= maxBytes) return text;
  let end = maxBytes;
  // 10xxxxxx continues a character (RFC 3629, section 3).
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return bytes.toString('utf8', 0, end);
}
