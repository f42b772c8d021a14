// Cookies of the login and the tunnel: reading the Cookie header, writing Set-Cookie values.
// Called by the worker. Nothing here is stored or logged.

/** Bytes of a session cookie and of a login context. */
export const cookieBytes = 32;

export interface RequestCookies {
  /** base64 of 32 bytes, in its one canonical spelling. */
  readonly session: string | undefined;
  /** Names a login that is under way; opaque, at most 128 characters. */
  readonly context: string | undefined;
}

const contextPattern = /^[A-Za-z0-9+/=_-]{1,128}$/;
const longAgo = 'Thu, 01 Jan 1970 22:00:00 GMT';

/** "a=b; webvpn=…; webvpncontext=…": names are case-sensitive; what does not decode counts as absent. */
export function parseCookies(header: string): RequestCookies {
  let session: string | undefined;
  let context: string | undefined;
  for (const part of header.split(';')) {
    const equals = part.indexOf('=');
    if (equals < 0) continue;
    const name = part.slice(0, equals).replace(/^[ \t]+/, '');
    const value = part.slice(equals + 1).replace(/[ \t]+$/, '');
    if (name === 'webvpn') session = canonicalCookie(value);
    else if (name === 'webvpncontext') context = contextPattern.test(value) ? value : undefined;
  }
  return { session, context };
}

/** The value if it is base64 of exactly 32 bytes; two spellings of one cookie are a weakness, so only one passes. */
export function canonicalCookie(value: string): string | undefined {
  if (value.length !== 44) return undefined;
  const bytes = Buffer.from(value, 'base64');
  return bytes.length === cookieBytes && bytes.toString('base64') === value ? value : undefined;
}

/** Set-Cookie value of a form shown outside a login. */
export function clearedContextCookie(): string {
  return `webvpncontext=; expires=${longAgo}; path=/; Secure; HttpOnly`;
}

/** Set-Cookie value of a form shown within a login. */
export function contextCookie(context: string, cookieTimeoutSeconds: number): string {
  return `webvpncontext=${context}; Max-Age=${cookieTimeoutSeconds}; Secure; HttpOnly`;
}

export interface SuccessCookies {
  readonly cookie: string;
  /** Of the login that ends here; absent when it needed no second round. */
  readonly context: string | undefined;
  /** SHA-1 of the server certificate, upper-case hex. */
  readonly certificateSha1: string;
  readonly profile?: { readonly name: string; readonly sha1: string } | undefined;
}

/** The manifest of translations, and the profile with its hash. */
function profileFields(profile: SuccessCookies['profile']): string {
  if (profile === undefined) return '';
  const file = `profiles%2F${encodeURIComponent(profile.name).replaceAll('%2F', '/')}`;
  return `&lu:/+CSCOT+/translation-table?textdomain%3DAnyConnect%26type%3Dmanifest&fu:${file}&fh:${profile.sha1}`;
}

/** Set-Cookie values of the success document; included headers go between the last two. */
export function successCookies(values: SuccessCookies): [first: string[], last: string] {
  const { cookie, context, certificateSha1, profile } = values;
  const first = [
    context === undefined ? clearedContextCookie() : `webvpncontext=${context}; Secure; HttpOnly`,
    `webvpn=${cookie}; Secure; HttpOnly`,
    `webvpnc=; expires=${longAgo}; path=/; Secure; HttpOnly`,
  ];
  // Cisco clients take the login for complete only with this one: base URL, protocol, certificate hash.
  const fields = `bu:/&p:t&iu:1/&sh:${certificateSha1}${profileFields(profile)}`;
  return [first, `webvpnc=${fields}; path=/; Secure; HttpOnly`];
}

/** Set-Cookie values that make a Cisco IP phone post its credentials. */
export function phoneLoginCookies(): string[] {
  return [`webvpn=; expires=${longAgo}; path=/; secure`, 'webvpnlogin=1; secure'];
}

export function phoneSessionCookie(cookie: string): string {
  return `webvpn=${cookie}; secure`;
}
