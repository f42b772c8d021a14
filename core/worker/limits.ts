// Numbers a client runs into before it has a tunnel. Specification first, ours second.

/** Requests on one connection; the next one closes it. */
export const requestLimit = 16;
export const targetLimitBytes = 255;
/** Names and values of all headers of a request. */
export const headerLimitBytes = 16_384;
/** TLS alert access_denied (RFC 8446, 6.2): follows a refused login or CONNECT. */
export const accessDeniedAlert = 49;

/** From the first byte of a request to its last. */
export const requestDeadlineMs = 60_000;
/** From the last answer to the end of the connection when the client does not read it. */
export const lingerMs = 10_000;
/** How long a login or handshake waits for a security module that is being restarted. */
export const authenticatorHoldMs = 5_000;
/** Main gives up sooner. */
export const kdcAnswerMs = 25_000;
export const countersIntervalMs = 30_000;
