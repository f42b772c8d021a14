// The wire protocol as pure functions and tables; no I/O, no clock.
export * from './camouflage.ts';
export * from './cisco-documents.ts';
export * from './client.ts';
export * from './connect-request.ts';
export * from './connect-response.ts';
export * from './cookies.ts';
export * from './dtls-match.ts';
export * from './hostname.ts';
export * from './http-auth.ts';
export * from './login-body.ts';
export * from './login-documents.ts';
export * from './mtu.ts';
export * from './priorities.ts';
export * from './proxy-header.ts';
export * from './responses.ts';
export * from './routes.ts';
export * from './xml.ts';
