// What the claims of a token with a good signature must say, and who it is for (RFC 7519, 4.1; OpenID Connect Core,
// 3.1.3.7). Called by auth/oidc.ts; pure.
import { isDeepStrictEqual } from 'node:util';
import { groupNameProblem, userNameProblem } from '../../passwd/index.ts';
import type { OidcConfiguration } from './configuration.ts';
import type { Refusal } from './token.ts';

export type Claims = Readonly<Record<string, unknown>>;

export interface Identity {
  readonly username: string;
  /** Undefined where no claim is said to name them. */
  readonly groups: readonly string[] | undefined;
}

export type ClaimRules = Pick<
  OidcConfiguration,
  'usernameClaim' | 'groupClaim' | 'requiredClaims' | 'requiresNotBefore'
>;

const MAX_GROUPS = 512;

/** `issuer`: what the provider says of itself. `now` in milliseconds since 1970. */
export function judgeClaims(
  claims: Claims,
  rules: ClaimRules,
  issuer: string | undefined,
  now: number,
): Identity | Refusal {
  return (
    timeRefusal(claims, rules, Math.floor(now / 1000)) ??
    requirementRefusal(claims, rules, issuer) ??
    identityOf(claims, rules)
  );
}

/** No leeway: a provider that dates its tokens back has room for clocks that differ. */
function timeRefusal(claims: Claims, { requiresNotBefore }: ClaimRules, now: number): Refusal | undefined {
  const exp = own(claims, 'exp');
  const iat = own(claims, 'iat');
  const nbf = own(claims, 'nbf') ?? (requiresNotBefore ? undefined : iat);
  for (const [name, time] of Object.entries({ nbf, iat, exp })) {
    if (!isTime(time)) return { reason: `token has no time "${name}"`, found: time };
  }
  if (Number(nbf) > now) return { reason: 'token is not valid yet', found: nbf };
  if (Number(iat) > now) return { reason: 'token is from the future', found: iat };
  if (now > Number(exp)) return { reason: 'token has expired', found: exp };
  return undefined;
}

/** A claim that must be a certain value: the token has it, or it stands in the token's list. */
function requirementRefusal(
  claims: Claims,
  { requiredClaims }: ClaimRules,
  issuer: string | undefined,
): Refusal | undefined {
  if (!requiredClaims.has('iss') && (issuer === undefined || own(claims, 'iss') !== issuer)) {
    return { reason: 'token is of another issuer', found: own(claims, 'iss') };
  }
  for (const [name, expected] of requiredClaims) {
    const found = own(claims, name);
    const isListed = Array.isArray(found) && !Array.isArray(expected) && found.includes(expected);
    if (!isListed && !isDeepStrictEqual(found, expected)) {
      return { reason: 'token lacks a required claim', found: { [name]: found } };
    }
  }
  // RFC 7800: such a token is worth something only with proof of a key, which nobody gives here.
  if (own(claims, 'cnf') !== undefined) return { reason: 'token is bound to a key' };
  return undefined;
}

function identityOf(claims: Claims, { usernameClaim, groupClaim }: ClaimRules): Identity | Refusal {
  const username = own(claims, usernameClaim);
  if (typeof username !== 'string') return { reason: 'token names no user' };
  const problem = userNameProblem(username);
  if (problem !== undefined) return { reason: `user name ${problem}`, found: username };
  if (groupClaim === undefined) return { username, groups: undefined };
  const named = own(claims, groupClaim) ?? [];
  const groups = (Array.isArray(named) ? named : [named]).filter(
    (name): name is string => typeof name === 'string' && groupNameProblem(name) === undefined,
  );
  return { username, groups: groups.slice(0, MAX_GROUPS) };
}

/** NumericDate (RFC 7519, 2); 0 has always counted as missing. */
function isTime(value: unknown): boolean {
  return typeof value === 'number' && Number.isFinite(value) && value > 0;
}

/** Never what an object inherits. */
function own(claims: Claims, name: string): unknown {
  return Object.hasOwn(claims, name) ? claims[name] : undefined;
}
