// Lines of a configuration file as tokens with positions. Called by parser.ts.
//
// A line is trimmed, then: `#` or `;` first = comment; indented after an option = one more value of that
// option; `[` first = section; otherwise `name = value` or `name : value`. A `#` after white space starts a
// comment anywhere on the line, also inside quotes.

const MAX_LINE_BYTES = 2046;
const BLANK = /[ \t\v\f\r]/;

export interface OptionToken {
  readonly kind: 'option';
  readonly line: number;
  readonly column: number;
  readonly name: string;
  /** Without surrounding white space; quotes are still there. */
  readonly value: string;
  readonly valueColumn: number;
  readonly continued: boolean;
}

export interface SectionToken {
  readonly kind: 'section';
  readonly line: number;
  readonly column: number;
  readonly name: string;
}

export interface MistakeToken {
  readonly kind: 'mistake';
  readonly line: number;
  readonly column: number;
  readonly text: string;
}

export type Token = OptionToken | SectionToken | MistakeToken;

export function readTokens(text: string): readonly Token[] {
  const tokens: Token[] = [];
  let previous: OptionToken | undefined;
  const lines = text.split('\n');
  for (const [index, whole] of lines.entries()) {
    const token = readLine(whole, index + 1, previous);
    if (token === undefined) continue;
    tokens.push(token);
    if (token.kind === 'option') previous = token;
    if (token.kind === 'section') previous = undefined;
  }
  return tokens;
}

function readLine(whole: string, line: number, previous: OptionToken | undefined): Token | undefined {
  let start = line === 1 && whole.startsWith('\ufeff') ? 1 : 0;
  let end = whole.length;
  while (start < end && BLANK.test(whole.charAt(start))) start++;
  while (end > start && BLANK.test(whole.charAt(end - 1))) end--;
  if (start === end || whole[start] === '#' || whole[start] === ';') return undefined;
  const mistake = (column: number, what: string): MistakeToken => ({
    kind: 'mistake',
    line,
    column: column + 1,
    text: `config file error in line ${line}: ${what}`,
  });
  if (Buffer.byteLength(whole) > MAX_LINE_BYTES + 1) {
    return mistake(start, `the line is too long; expected at most ${MAX_LINE_BYTES} bytes`);
  }
  const nul = whole.indexOf('\0');
  if (nul >= 0) return mistake(nul, 'the line holds a NUL character; expected text');
  const comment = commentAt(whole, start, end);
  if (start > 0 && whole[0] !== '\ufeff' && previous !== undefined) {
    const value = trimBlanks(whole.slice(start, comment));
    return {
      kind: 'option',
      line,
      column: start + 1,
      name: previous.name,
      value,
      valueColumn: start + 1,
      continued: true,
    };
  }
  if (whole[start] === '[') {
    const close = whole.slice(0, comment).indexOf(']', start);
    if (close < 0) return mistake(start, 'the section has no end; expected "]"');
    return { kind: 'section', line, column: start + 1, name: whole.slice(start + 1, close) };
  }
  const name = /[=:]/.exec(whole.slice(start, comment));
  if (name === null) return mistake(start, 'neither "=" nor ":" found; expected name = value');
  let valueStart = start + name.index + 1;
  const valueEnd = Math.max(valueStart, commentAt(whole, valueStart, end));
  const value = trimBlanks(whole.slice(valueStart, valueEnd));
  while (valueStart < valueEnd && BLANK.test(whole.charAt(valueStart))) valueStart++;
  return {
    kind: 'option',
    line,
    column: start + 1,
    name: trimBlanks(whole.slice(start, start + name.index)),
    value,
    valueColumn: valueStart + 1,
    continued: false,
  };
}

/** Where the trailing comment begins; `end` without one. */
function commentAt(whole: string, start: number, end: number): number {
  for (let at = start + 1; at < end; at++) {
    if (whole[at] === '#' && BLANK.test(whole.charAt(at - 1))) return at;
  }
  return end;
}

export function trimBlanks(text: string): string {
  return text.replace(/^[ \t\v\f\r]+|[ \t\v\f\r]+$/g, '');
}

/** Surrounding white space and quotes, in any mixture. */
export function trimQuotes(text: string): string {
  return text.replace(/^[ \t\v\f\r"]+|[ \t\v\f\r"]+$/g, '');
}
