// Varlink: interfaces in files, calls as JSON over a socket, descriptors beside them. Knows nothing of VPNs.
export { checkParameters, checkReply, compileChecks, describeFailure, type CheckFailure } from './check.ts';
export {
  createClient,
  type CallOptions,
  type ClientOptions,
  type Reply,
  type VarlinkClient,
} from './client.ts';
export type { InterfaceDescription, MethodMap, StructDescription, TypeDescription } from './description.ts';
export {
  CallTimeoutError,
  ConnectionClosedError,
  ProtocolViolation,
  serviceErrors,
  VarlinkError,
  type ViolationKind,
} from './errors.ts';
export { IdlError, parseInterface } from './idl.ts';
export {
  keepOpen,
  serve,
  withDescriptors,
  type Call,
  type Handlers,
  type ServerOptions,
  type VarlinkServer,
} from './server.ts';
export { descriptorTransport, socketTransport, type Transport, type TransportEvents } from './transport.ts';
