// Bearer tokens of OpenID Connect: the site's file, the provider's keys, and what a token must be to be believed.
export { judgeClaims, type Claims, type Identity } from './claims.ts';
export { oidcProblems, readOidcConfiguration, type OidcConfiguration } from './configuration.ts';
export { fetchJson } from './fetch-json.ts';
export { Provider, type FoundKeys, type ProviderOptions } from './provider.ts';
export { parseStrictJson } from './strict-json.ts';
export { readToken, verifyToken, type Refusal, type TokenHeader } from './token.ts';
