// The RADIUS client: packets as pure functions, the servers of a site, and the exchange with them.
export { attribute, nasAddress, valueOf, valuesOf, type Attribute } from './attributes.ts';
export type { Exchanged, RadiusExchange } from './exchange.ts';
export { codes, MAX_PASSWORD_BYTES } from './packet.ts';
export { groupsOf, supplementOf } from './reply.ts';
export { openRadiusSite, radiusProblems, type RadiusSite } from './site.ts';
