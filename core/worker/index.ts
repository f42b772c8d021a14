// The worker process. Started by main with two doors: descriptor 3 calls main (Sessions), descriptor 4 answers
// main (Worker). Everything it will ever need is loaded here, before the sandbox closes the file system.
import process from 'node:process';
import {
  sessionsDescription,
  workerDescription,
  type SessionsMethods,
  type WorkerMethods,
} from '../interfaces/index.ts';
import {
  closeDescriptor,
  dieWithParent,
  openDescriptorStream,
  openSyslog,
  writeSyslog,
} from '../native/index.ts';
import { createLogger, surviveLostOutput, workerPrefix, type Logger } from '../system/index.ts';
import { createClient, descriptorTransport, serve, type Transport } from '../varlink/index.ts';
import { AttachedAuthenticator } from './authenticator.ts';
import { workerHandlers } from './worker.ts';

const sessionsDescriptor = 3;
const workerDescriptor = 4;
/** main refuses more from a worker; from main we take its configuration with all certificates. */
const fromMainBytes = 1024 * 1024;

process.title = 'ocserv-worker';
surviveLostOutput();
dieWithParent('SIGTERM');
// The terminal's Ctrl-C reaches the whole group; main decides when we stop.
process.on('SIGINT', () => undefined);
process.on('SIGHUP', () => undefined);

let log: Logger | undefined;
const fail = (what: string): never => {
  if (log === undefined) process.stderr.write(`worker: ${what}\n`);
  else {
    log.error(what);
    log.flush();
  }
  process.exit(1);
};

const openTransport = (descriptor: number): Transport =>
  descriptorTransport(descriptor, openDescriptorStream);

const sessions = createClient<SessionsMethods>(openTransport(sessionsDescriptor), sessionsDescription, {
  serials: true,
  maxMessageBytes: fromMainBytes,
  timeoutMs: 30_000,
  closeDescriptor,
});
void sessions.closed.then(() => fail('main is gone'));

const handlers = workerHandlers({
  sessions,
  authenticator: new AttachedAuthenticator(),
  openTransport,
  makeLog: ({ level, stderr, syslog, syslogFacility }) => {
    if (syslog) openSyslog('ocserv', syslogFacility);
    log = createLogger({
      component: workerPrefix(),
      level,
      destinations: { stderr, ...(syslog ? { syslog: writeSyslog } : {}) },
    });
    return log;
  },
  exit: (code) => process.exit(code),
});

serve<WorkerMethods>(openTransport(workerDescriptor), workerDescription, handlers, {
  serials: true,
  maxMessageBytes: fromMainBytes,
  closeDescriptor,
  onViolation: (violation) => fail(`main broke the rules of its door: ${violation.message}`),
  onInternalError: (method, error) => {
    const text = `${method} failed: ${error instanceof Error ? error.message : String(error)}`;
    if (log === undefined) process.stderr.write(`worker: ${text}\n`);
    else log.error(text);
  },
  onClose: () => fail('main is gone'),
});
