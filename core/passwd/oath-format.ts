// The users file of one-time passwords, in the format of mod-authn-otp and liboath (pam_oath, the C server):
//
//   TYPE USER PIN HEXSECRET [MOVING LASTOTP LASTTIME]      separated by blanks
//
//   TYPE     HOTP, HOTP/E (by event, RFC 4226), HOTP/T30, HOTP/T60 (by time, RFC 6238), each with /6, /7 or /8 digits
//   PIN      not used: the second secret is the password file's
//   MOVING   by event: the counter that matched last; by time: the steps the token was off the clock then
//   LASTOTP  the code accepted last, LASTTIME when: local time, YYYY-MM-DDThh:mm:ssL
//
// Text has one character per byte (latin1), so that lines nobody understands stay as they are. Used by oath-verify.ts
// and oath-enrol.ts.

/** liboath reads no longer ones. */
export const MAX_SECRET_BYTES = 32;

export interface OathToken {
  /** As it stands in the file. */
  readonly type: string;
  /** Seconds of a step; undefined for a token that counts events. */
  readonly stepSeconds: 30 | 60 | undefined;
  readonly digits: 6 | 7 | 8;
  readonly user: string;
  readonly pin: string;
  readonly secretHex: string;
  readonly moving: number;
  readonly lastOtp: string | undefined;
  /** Milliseconds since 1970. */
  readonly lastAt: number | undefined;
}

export interface OathFile {
  /** With their ends. */
  readonly lines: readonly string[];
  /** By user (as bytes), in the order of the file. */
  tokensOf(user: string): readonly { readonly line: number; readonly token: OathToken }[];
  /** The most tokens that one user has. */
  readonly mostTokens: number;
  /** Line numbers (from 1) and what is wrong there. */
  readonly problems: readonly { readonly line: number; readonly problem: string }[];
  /** Line numbers of tokens with a PIN, which nothing checks. */
  readonly pinLines: readonly number[];
}

export function parseOathFile(text: string): OathFile {
  const lines = text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
  const byUser = new Map<string, { line: number; token: OathToken }[]>();
  const problems: { line: number; problem: string }[] = [];
  const pinLines: number[] = [];
  for (const [index, line] of lines.entries()) {
    const token = parseOathLine(line);
    if (token === undefined) continue;
    if ('problem' in token) {
      problems.push({ line: index + 1, problem: token.problem });
      continue;
    }
    if (token.pin !== '-' && token.pin !== '+') pinLines.push(index + 1);
    const own = byUser.get(token.user);
    if (own === undefined) byUser.set(token.user, [{ line: index, token }]);
    else own.push({ line: index, token });
  }
  let mostTokens = 0;
  for (const own of byUser.values()) mostTokens = Math.max(mostTokens, own.length);
  return { lines, tokensOf: (user) => byUser.get(user) ?? [], mostTokens, problems, pinLines };
}

/** Undefined for a blank line or a comment. */
export function parseOathLine(line: string): OathToken | { readonly problem: string } | undefined {
  const [type = '', user, pin, secretHex, moving = '0', lastOtp, lastTime] = line
    .split(/[ \t\r\n]+/)
    .filter((field) => field !== '');
  if (type === '' || type.startsWith('#')) return undefined;
  if (user === undefined || pin === undefined || secretHex === undefined)
    return { problem: 'expected TYPE USER PIN HEXSECRET' };
  const kind = /^HOTP(?:\/(?:E|T(30|60))(?:\/([678]))?)?$/.exec(type);
  if (kind === null) return { problem: `unknown token type; expected HOTP, HOTP/E or HOTP/T30` };
  if (!/^(?:[0-9A-Fa-f]{2})+$/.test(secretHex) || secretHex.length > 2 * MAX_SECRET_BYTES)
    return { problem: `expected a secret of 1 to ${MAX_SECRET_BYTES} bytes in hexadecimal digits` };
  const stepSeconds = kind[1] === undefined ? undefined : kind[1] === '60' ? 60 : 30;
  if (!(stepSeconds === undefined ? /^\d{1,15}$/ : /^-?\d{1,9}$/).test(moving))
    return { problem: 'expected a whole number as fifth field' };
  const lastAt = lastTime === undefined ? undefined : parseLocalTime(lastTime);
  if (lastTime !== undefined && lastAt === undefined)
    return { problem: 'expected the time of the last use as YYYY-MM-DDThh:mm:ssL' };
  const digits = kind[2] === '7' ? 7 : kind[2] === '8' ? 8 : 6;
  return { type, stepSeconds, digits, user, pin, secretHex, moving: Number(moving), lastOtp, lastAt };
}

/** The line of a token after a code was accepted, without its end. */
export function formatOathLine(token: OathToken): string {
  const { type, user, pin, secretHex, moving, lastOtp, lastAt } = token;
  const fields = [type, user, pin, secretHex];
  if (lastOtp !== undefined && lastAt !== undefined)
    fields.push(String(moving), lastOtp, formatLocalTime(lastAt));
  return fields.join('\t');
}

export function formatLocalTime(at: number): string {
  const date = new Date(at);
  const two = (number: number): string => String(number).padStart(2, '0');
  const day = `${String(date.getFullYear()).padStart(4, '0')}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day}T${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}L`;
}

/**
 * When clocks go back an hour is written twice in the same way. It is read as the later one: a code that was
 * used then stays used.
 */
export function parseLocalTime(text: string): number | undefined {
  const parts = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)L$/.exec(text);
  if (parts === null) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.slice(1).map(Number);
  const first = new Date(year, month - 1, day, hour, minute, second).getTime();
  if (Number.isNaN(first)) return undefined;
  const later = first + 3_600_000;
  return formatLocalTime(later) === text ? later : first;
}
