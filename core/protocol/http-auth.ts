// Logging in by HTTP authentication (RFC 9110, 11): what a request's Authorization header holds. Called by the
// worker's login dialogue; pure.

/** How the WWW-Authenticate header names what the server takes. */
export type HttpScheme = 'Bearer' | 'Negotiate';

/** The scheme of the method that logs in by it (Negotiate: RFC 4559); undefined: by forms. */
export function httpScheme(methods: readonly string[]): HttpScheme | undefined {
  if (methods.includes('gssapi')) return 'Negotiate';
  return methods.includes('oidc') ? 'Bearer' : undefined;
}

/** Value of WWW-Authenticate. Throws a RangeError when the token is not base64. */
export function authenticateValue(scheme: HttpScheme, token: string | undefined): string {
  if (token === undefined) return scheme;
  if (!/^[A-Za-z0-9+/]+=*$/.test(token)) throw new RangeError('a token that is not base64');
  return `${scheme} ${token}`;
}

export interface HttpCredentials {
  /** In lower case: schemes are compared without regard to it. */
  readonly scheme: string;
  /** Empty when the header ends with the scheme. */
  readonly token: string;
}

/** credentials = auth-scheme [ 1*SP ( token68 / … ) ]. Undefined: the request has no such header. */
export function parseAuthorization(value: string | undefined): HttpCredentials | undefined {
  if (value === undefined) return undefined;
  const [, scheme = '', token = ''] = /^[ \t]*([^ \t]*)[ \t]*(.*?)[ \t]*$/s.exec(value) ?? [];
  return { scheme: scheme.toLowerCase(), token };
}
