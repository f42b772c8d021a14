// Is this one-time password right, and what does the users file say afterwards? Pure: the time is a parameter. Called
// by the security module's plain method under the file's lock.
//
// A token by event (RFC 4226) may be up to 20 presses ahead of the stored counter. A token by time (RFC 6238) may be
// `windowSteps` off the server's clock, or off by that much from where it was when it was used last, so that a slow
// clock in a token is followed. No code counts twice, nor one of a step before the last.
// The same number of codes is computed whoever asks, and none is left out when one matches.
import { timingSafeEqual } from 'node:crypto';
import { HOTP, Secret } from 'otpauth';
import { bytesOf } from './file-format.ts';
import { formatOathLine, type OathFile, type OathToken } from './oath-format.ts';

/** Looked at in either direction by liboath; what lies outside the window is only named in the log. */
export const MAX_WINDOW_STEPS = 20;
export const DEFAULT_WINDOW_STEPS = 1;
const EVENT_WINDOW = 20;
const CODES_PER_TOKEN = 2 * MAX_WINDOW_STEPS + 1;
const LONGEST_CODE = 8;

export type OtpVerdict =
  /** `text`: the file with the code noted as used. */
  | { readonly outcome: 'right'; readonly text: string }
  | { readonly outcome: 'replayed' }
  /** `stepsOff`: it is the code of a clock that is wrong by that many steps. */
  | { readonly outcome: 'wrong'; readonly stepsOff?: number }
  | { readonly outcome: 'no token' };

export function judgeOtp(
  file: OathFile,
  username: string,
  code: string,
  now: number,
  windowSteps: number,
): OtpVerdict {
  const own = file.tokensOf(bytesOf(username));
  const judged = Array.from({ length: Math.max(1, file.mostTokens) }, (_, index) => {
    const entry = own[index];
    const matches = matchingMoves(entry?.token ?? nobodysToken, code, now);
    return entry === undefined
      ? undefined
      : { ...entry, ...judgeToken(entry.token, matches, code, now, windowSteps) };
  }).filter((token) => token !== undefined);
  const right = judged.find(({ outcome }) => outcome === 'right');
  if (right?.moving !== undefined) {
    const used = formatOathLine({ ...right.token, moving: right.moving, lastOtp: code, lastAt: now });
    return { outcome: 'right', text: file.lines.toSpliced(right.line, 1, `${used}\n`).join('') };
  }
  if (judged.some(({ outcome }) => outcome === 'replayed')) return { outcome: 'replayed' };
  const off = judged.find(({ stepsOff }) => stepsOff !== undefined)?.stepsOff;
  if (off !== undefined) return { outcome: 'wrong', stepsOff: off };
  return { outcome: own.length === 0 ? 'no token' : 'wrong' };
}

interface TokenVerdict {
  readonly outcome: 'right' | 'replayed' | 'wrong';
  readonly moving?: number;
  readonly stepsOff?: number;
}

/** `moves`: the counters, or the steps off the clock, of which this is the code. */
function judgeToken(
  token: OathToken,
  moves: readonly number[],
  code: string,
  now: number,
  windowSteps: number,
): TokenVerdict {
  if (moves.length === 0) return { outcome: 'wrong' };
  if (code === token.lastOtp) return { outcome: 'replayed' };
  const { stepSeconds, moving, lastAt } = token;
  if (stepSeconds === undefined) return { outcome: 'right', moving: moves[0] ?? moving };
  const stepMs = stepSeconds * 1000;
  const lastStep = lastAt === undefined ? -Infinity : Math.floor(lastAt / stepMs) + moving;
  const fresh = moves.filter((steps) => Math.floor(now / stepMs) + steps > lastStep);
  if (fresh.length === 0) return { outcome: 'replayed' };
  const isNear = (steps: number): boolean =>
    Math.abs(steps) <= windowSteps || Math.abs(steps - moving) <= windowSteps;
  const near = fresh.filter(isNear).sort((one, other) => Math.abs(one) - Math.abs(other))[0];
  if (near !== undefined) return { outcome: 'right', moving: near };
  return { outcome: 'wrong', stepsOff: fresh[0] ?? 0 };
}

function matchingMoves(token: OathToken, code: string, now: number): number[] {
  const secret = Secret.fromHex(token.secretHex);
  const given = Buffer.from(code.padEnd(LONGEST_CODE).slice(0, LONGEST_CODE), 'latin1');
  const isCode = /^\d{6,8}$/.test(code);
  const { stepSeconds, digits } = token;
  const found: number[] = [];
  for (let index = 0; index < CODES_PER_TOKEN; index += 1) {
    const move = stepSeconds === undefined ? token.moving + index : index - MAX_WINDOW_STEPS;
    const counter = stepSeconds === undefined ? move : Math.floor(now / (stepSeconds * 1000)) + move;
    const expected = HOTP.generate({ secret, digits, counter: Math.max(0, counter) }).padEnd(LONGEST_CODE);
    const isEqual = timingSafeEqual(given, Buffer.from(expected, 'latin1'));
    const isLookedAt = counter >= 0 && (stepSeconds !== undefined || index <= EVENT_WINDOW);
    if (isEqual && isCode && isLookedAt) found.push(move);
  }
  return found;
}

/** Stands in for users without a token. */
const nobodysToken: OathToken = {
  type: 'HOTP',
  stepSeconds: undefined,
  digits: 6,
  user: '',
  pin: '-',
  secretHex: '00'.repeat(20),
  moving: 0,
  lastOtp: undefined,
  lastAt: undefined,
};
