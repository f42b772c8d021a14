// The typed front of the addon: what it can do, by subject.
export * from './client-trust.ts';
export * from './gssapi.ts';
export * from './pam.ts';
export * from './sandbox.ts';
export * from './system.ts';
export * from './tls.ts';
export * from './tunnel.ts';
