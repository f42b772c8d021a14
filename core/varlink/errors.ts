// What can go wrong on a Varlink connection: errors the peer answered with, calls that got no answer, and
// violations, which mean that the peer does not keep to the protocol or to the interface.

/** Errors of org.varlink.service, the interface every Varlink server has. */
export const serviceErrors = {
  interfaceNotFound: 'org.varlink.service.InterfaceNotFound',
  methodNotFound: 'org.varlink.service.MethodNotFound',
  methodNotImplemented: 'org.varlink.service.MethodNotImplemented',
  invalidParameter: 'org.varlink.service.InvalidParameter',
  permissionDenied: 'org.varlink.service.PermissionDenied',
  expectedMore: 'org.varlink.service.ExpectedMore',
  /** Ours: a handler failed in a way its interface does not declare. Details stay in the server's log. */
  internal: 'org.varlink.service.InternalError',
} as const;

/** An error reply: thrown by a handler to send one, and what a refused call rejects with. */
export class VarlinkError extends Error {
  /** Full name, for example "org.ocserv.Sessions.CookieRefused". */
  readonly error: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  constructor(error: string, parameters: object = {}) {
    super(`the other side answered with the error ${error} ${JSON.stringify(parameters)}`);
    this.name = 'VarlinkError';
    this.error = error;
    this.parameters = parameters as Readonly<Record<string, unknown>>;
  }
}

/** The connection ended before the answer came. */
export class ConnectionClosedError extends Error {
  constructor(cause?: Error) {
    super('the connection was closed before the answer came', cause === undefined ? undefined : { cause });
    this.name = 'ConnectionClosedError';
  }
}

/** No answer in time. The call may still have been carried out. */
export class CallTimeoutError extends Error {
  readonly method: string;
  constructor(method: string, timeoutMs: number) {
    super(`no answer to ${method} within ${String(timeoutMs)} ms`);
    this.name = 'CallTimeoutError';
    this.method = method;
  }
}

/**
 * framing: too long, not JSON. envelope: not a call or a reply. parameters: does not fit the interface.
 * descriptors: more or fewer than announced. flood: too much at a time, or the peer does not read.
 */
export type ViolationKind = 'framing' | 'envelope' | 'parameters' | 'descriptors' | 'flood';

/** The peer broke the rules. After all kinds but `parameters` the connection is closed. */
export class ProtocolViolation extends Error {
  readonly kind: ViolationKind;
  constructor(kind: ViolationKind, text: string, cause?: unknown) {
    super(text, cause === undefined ? undefined : { cause });
    this.name = 'ProtocolViolation';
    this.kind = kind;
  }
}
