// The security module, a process of its own, started by main with descriptor 3 as its end of the
// SecurityModule door. Keeps every secret: password files, cookies, private keys. Waits for Configure before it
// does anything, and ends when main does.
import { securityModuleDescription, type SecurityModuleMethods } from '../interfaces/index.ts';
import {
  acquireGssapiCredentials,
  closeDescriptor,
  createClientTrust,
  cryptPassword,
  cryptSetting,
  dieWithParent,
  openDescriptorStream,
  openSyslog,
  pamProblem,
  setDumpable,
  startPam,
  trimMemory,
  tryLockFile,
  writeSyslog,
} from '../native/index.ts';
import { openSessionStore } from '../store/index.ts';
import { collectWhenQuiet, createLogger, surviveLostOutput, type Severity } from '../system/index.ts';
import { descriptorTransport, serve } from '../varlink/index.ts';
import type { LoggingConfiguration } from '../config/index.ts';
import { systemClock } from './clock.ts';
import { openDoors } from './doors.ts';
import type { Log } from './log.ts';
import { SecurityModule } from './security-module.ts';

const MAIN_DOOR = 3;
/** Longer than a password takes to check. */
const FAILURE_DELAY_MS = 500;
const MAX_MAIN_MESSAGE_BYTES = 1024 * 1024;

process.title = 'ocserv-sm';
surviveLostOutput();
dieWithParent('SIGTERM');
// Neither a debugger nor a core file shall see what is in here.
setDumpable(false);
process.umask(0o077);
// main says when it is over; the terminal's signals are meant for main.
for (const signal of ['SIGINT', 'SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGPIPE'] as const)
  process.on(signal, () => {});
process.on('SIGTERM', stop);

// Until Configure says more: standard error.
let logger = createLogger({ component: 'sec-mod', level: 2, destinations: { stderr: true } });
const log: Log = {
  error: (text) => write('error', text),
  warning: (text) => write('warning', text),
  notice: (text) => write('notice', text),
  info: (text) => write('info', text),
  debug: (text) => write('debug', text),
};

/** Lines of the methods have always stood without the component. */
function write(severity: Severity, text: string): void {
  const [, method, rest] = /^((?:plain-auth|pam-auth|gssapi-auth|ocserv-oidc):) (.*)$/s.exec(text) ?? [];
  if (method === undefined || rest === undefined) logger[severity](text);
  else logger.child({ component: method })[severity](rest);
}

// Only the name and the place of an unforeseen error: its text could hold anything.
process.on('uncaughtException', (error) => {
  const place = /\(?([^\s(]+:\d+:\d+)\)?$/m.exec(error.stack ?? '')?.[1] ?? 'unknown place';
  log.error(`unexpected failure, ending: ${error.name} at ${place}`);
  process.exit(1);
});

const openTransport = (descriptor: number) => descriptorTransport(descriptor, openDescriptorStream);
const securityModule = new SecurityModule({
  clock: systemClock,
  log,
  crypt: cryptPassword,
  makeSetting: cryptSetting,
  tryLock: tryLockFile,
  startPam,
  pamProblem,
  acquireGssapi: acquireGssapiCredentials,
  openStore: openSessionStore,
  createTrust: createClientTrust,
  failureDelayMs: FAILURE_DELAY_MS,
  onWork: collectWhenQuiet(trimMemory).note,
});
const doors = openDoors({
  module: securityModule,
  log,
  now: () => systemClock.now(),
  openTransport,
  closeDescriptor,
  applyLogging,
  // After the answer has left.
  onStop: () => void setImmediate(stop),
});
serve<SecurityModuleMethods>(openTransport(MAIN_DOOR), securityModuleDescription, doors.handlers, {
  serials: true,
  maxMessageBytes: MAX_MAIN_MESSAGE_BYTES,
  closeDescriptor,
  onViolation: (violation) => log.error(`main broke the rules of its door: ${violation.message}`),
  onInternalError: (method) => log.error(`unexpected failure in ${method}`),
  onClose: stop,
});

function applyLogging(logging: LoggingConfiguration): void {
  if (logging.syslog) openSyslog('ocserv', logging.syslogFacility);
  logger.flush();
  logger = createLogger({
    component: 'sec-mod',
    level: logging.level,
    destinations: { stderr: logging.stderr, ...(logging.syslog ? { syslog: writeSyslog } : {}) },
  });
}

function stop(): void {
  doors.close();
  securityModule.stop();
  logger.flush();
  process.exit(0);
}
