// The client of the control interface for other programs: package export "ocserv/control". What is here stays as it is
// within a major version; the interface itself only grows.
//
//   const control = await connectControl('/var/run/occtl.socket');
//   const { users } = (await control.call('ListUsers', {})).parameters;
//   for await (const { event } of control.stream('Watch', {})) …
//   control.close();
export { connectControl, ControlError, defaultSocketFile, type ControlClient } from './client.ts';
export {
  controlErrors,
  type ControlBan,
  type ControlEvent,
  type ControlFlow,
  type ControlMethods,
  type ControlSession,
  type ControlStatistics,
  type ControlStatus,
  type ControlUser,
} from '../interfaces/index.ts';
export { CallTimeoutError, ConnectionClosedError, serviceErrors, VarlinkError } from '../varlink/index.ts';
