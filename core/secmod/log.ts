// What the security module writes with: the part of the logger it uses, and names made fit for a line.

export interface Log {
  error(text: string): void;
  warning(text: string): void;
  notice(text: string): void;
  info(text: string): void;
  debug(text: string): void;
}

const MAX_CHARACTERS = 64;

/**
 * Text a client chose, between quotes in a log line: without control characters and quotes, so that it can
 * neither end the quotes nor begin a line of its own; cut to a bounded length.
 */
export function quoted(text: string): string {
  const cut = text.length > MAX_CHARACTERS ? `${text.slice(0, MAX_CHARACTERS)}…` : text;
  const safe = cut.replace(
    /[\u0000-\u001f\u007f-\u009f\u2028\u2029'\\]/g,
    (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
  return `'${safe.toWellFormed()}'`;
}

/** How a session is named in logs. */
export function shortId(sessionId: string): string {
  return sessionId.slice(0, 6);
}
