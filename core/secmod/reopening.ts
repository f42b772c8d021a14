// May this connection open the session of its cookie, for the first time or again? Checked in order:
//   1. the certificate of its login, where it was logged in with one
//   2. settings that can be read: a file of user or group with a mistake refuses
//   3. its time (session-timeout), counted from the login
//   4. its address (deny-roaming)
//   5. the account, where PAM is asked for it (acct = pam)
// Each refusal stands in the log; nothing is opened or revoked here. Called by security-module.ts.
import type { Settings } from '../config/index.ts';
import type { VerifiedCertificate } from './auth/combine.ts';
import { checkPamAccount } from './auth/pam.ts';
import type { BackendOptions } from './auth/backends.ts';
import { quoted, shortId, type Log } from './log.ts';
import { banKey, type LoginHost } from './logins.ts';
import { sessionSettings } from './overlays.ts';
import type { Session } from './sessions.ts';

/** Words main may act on. */
export type CookieRefusal =
  | 'unknown or expired'
  | 'certificate missing'
  | 'certificate of another user'
  | 'roaming is denied'
  | 'account is not allowed'
  | 'session timeout'
  | 'virtual host is gone';

export interface Reopener {
  readonly remoteAddress: string;
  /** Verified on this connection, by the authorities of the session's host. */
  readonly certificate: VerifiedCertificate | undefined;
}

export type Reopening =
  | { readonly settings: Settings }
  | { readonly settingsRefused: string }
  | {
      readonly cookieRefused: CookieRefusal;
      /** failed: to be counted and reported as an attempt; over: the session has no future. */
      readonly meaning: 'failed' | 'over' | 'notNow';
    };

export async function judgeReopening(
  session: Session,
  host: LoginHost,
  { remoteAddress, certificate }: Reopener,
  options: BackendOptions & { readonly log: Log },
): Promise<Reopening> {
  const { log, clock } = options;
  const user = quoted(session.username);
  const refused = certificateRefusal(session, host, certificate);
  if (refused !== undefined) return { cookieRefused: refused, meaning: 'failed' };
  const result = sessionSettings(host.settings, session, log);
  if ('refused' in result) {
    log.error(`${host.logPrefix}refusing the session of user ${user} ${named(session)}: ${result.refused}`);
    return { settingsRefused: result.refused };
  }
  const { settings } = result;
  const limitSeconds = settings['session-timeout'];
  if (limitSeconds > 0 && clock.now() >= session.createdAt + limitSeconds * 1000) {
    log.info(`${host.logPrefix}invalidating session of user ${user} ${named(session)}`);
    return { cookieRefused: 'session timeout', meaning: 'over' };
  }
  if (settings['deny-roaming'] && !sameAddress(session.loginAddress, remoteAddress)) {
    log.info(
      `${host.logPrefix}user ${user} is reusing cookie from different IP ` +
        `(prev: ${session.loginAddress}, current: ${remoteAddress}); rejecting`,
    );
    return { cookieRefused: 'roaming is denied', meaning: 'notNow' };
  }
  if (!(await isAccountAllowed(session, host, remoteAddress, options))) {
    return { cookieRefused: 'account is not allowed', meaning: 'notNow' };
  }
  return { settings };
}

export function certificateRefusal(
  session: Session,
  host: LoginHost,
  presented: VerifiedCertificate | undefined,
): CookieRefusal | undefined {
  if (!session.certificateAuth) return undefined;
  if (presented === undefined) {
    // Cisco's clients show it at the login alone.
    return host.settings['cisco-client-compat'] ? undefined : 'certificate missing';
  }
  const isSameUser = session.certificateUser === undefined || presented.username === session.certificateUser;
  return isSameUser ? undefined : 'certificate of another user';
}

/** `acct = pam`: an account may have been locked since the login. */
async function isAccountAllowed(
  session: Session,
  host: LoginHost,
  remoteAddress: string,
  options: BackendOptions & { readonly log: Log },
): Promise<boolean> {
  if (host.settings.acct?.name !== 'pam') return true;
  const { log } = options;
  const verdict = await checkPamAccount(options, session.username, remoteAddress);
  if (verdict.outcome === 'allowed') return true;
  const text = `${host.logPrefix}user ${quoted(session.username)} ${named(session)} was refused: ${verdict.reason}`;
  if (verdict.isFault) log.error(text);
  else log.notice(text);
  return false;
}

/** As lines of the log name a session. */
export function named({ sessionId }: Session): string {
  return `(session: ${shortId(sessionId)})`;
}

/** The same address whatever way it is written; for IPv6 the whole of it. */
function sameAddress(one: string, other: string): boolean {
  const whole = (address: string): string => {
    const plain = address.replace(/%.*$/, '');
    if (!plain.includes(':')) return plain;
    const mapped = banKey(plain);
    return mapped.includes('.') ? mapped : new URL(`http://[${plain}]/`).hostname;
  };
  return whole(one) === whole(other);
}
