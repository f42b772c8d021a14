// The two doors of the security module, as handlers of their interfaces: main's (SecurityModule) and one for
// each worker (Authenticator). What they are asked is answered by security-module.ts; here only refusals become
// Varlink errors, and tickets and rates are checked before a worker gets any further.
import {
  authenticatorDescription,
  authenticatorErrors,
  securityModuleErrors,
  type AuthenticatorMethods,
  type SecurityModuleMethods,
} from '../interfaces/index.ts';
import {
  keepOpen,
  serve,
  VarlinkError,
  type Handlers,
  type Transport,
  type VarlinkServer,
} from '../varlink/index.ts';
import { parseSecmodConfiguration, type LoggingConfiguration } from '../config/index.ts';
import { SignedHandshakes } from './handshakes.ts';
import { RateBound } from './keys.ts';
import type { Log } from './log.ts';
import type { SecurityModule } from './security-module.ts';
import type { CloseReason } from './sessions.ts';
import type { Ticket } from './tickets.ts';

/** A core does about a thousand RSA handshakes a second; a worker that asks for more is up to something. */
const SIGNATURES_PER_SECOND = 1_000;
/** From a worker; a chain of client certificates is the largest thing it has to say. */
const MAX_WORKER_MESSAGE_BYTES = 64 * 1024;
/** All headers of a request together have no more. What people type is cut shorter in logins.ts. */
const MAX_ANSWER_CHARACTERS = 16_384;

const CLOSE_REASONS: readonly CloseReason[] = [
  'unspecified',
  'userDisconnect',
  'temporary',
  'serverDisconnect',
  'idleTimeout',
  'dpdTimeout',
  'sessionTimeout',
  'error',
  'takeover',
  'healthProbe',
];

export interface DoorOptions {
  readonly module: SecurityModule;
  readonly log: Log;
  readonly now: () => number;
  /** Takes over a descriptor that came with a message. */
  readonly openTransport: (descriptor: number) => Transport;
  readonly closeDescriptor: (descriptor: number) => void;
  readonly applyLogging: (logging: LoggingConfiguration) => void;
  /** main wants the process to end. */
  readonly onStop: () => void;
}

export interface Doors {
  readonly handlers: Handlers<SecurityModuleMethods>;
  close(): void;
}

export function openDoors(options: DoorOptions): Doors {
  const { module, log } = options;
  const workers = new Map<number, VarlinkServer>();

  function detach(workerId: number): void {
    workers.get(workerId)?.close();
    workers.delete(workerId);
  }

  const handlers: Handlers<SecurityModuleMethods> = {
    Configure({ configuration, ticketKey }) {
      let problems: string[];
      try {
        const parsed = parseSecmodConfiguration(configuration);
        options.applyLogging(parsed.logging);
        problems = module.configure(parsed, Buffer.from(ticketKey, 'base64'));
      } catch (error) {
        problems = [error instanceof Error ? error.message : 'unknown error'];
      }
      if (problems.length > 0) {
        throw new VarlinkError(securityModuleErrors.ConfigurationRefused, { message: problems.join('\n') });
      }
      return {};
    },

    AttachWorker({ workerId }, call) {
      const descriptor = call.takeDescriptor();
      if (descriptor === undefined) {
        throw new VarlinkError(securityModuleErrors.ConfigurationRefused, {
          message: 'AttachWorker: expected a descriptor',
        });
      }
      detach(workerId);
      const server = serve<AuthenticatorMethods>(
        options.openTransport(descriptor),
        authenticatorDescription,
        authenticatorHandlers(options, workerId),
        {
          serials: true,
          maxMessageBytes: MAX_WORKER_MESSAGE_BYTES,
          closeDescriptor: options.closeDescriptor,
          onViolation: (violation) => log.warning(`worker ${workerId} broke the rules: ${violation.message}`),
          onInternalError: (method) => log.error(`unexpected failure in ${method}`),
          onClose: () => {
            if (workers.get(workerId) === server) workers.delete(workerId);
          },
        },
      );
      workers.set(workerId, server);
      return {};
    },

    DetachWorker({ workerId }) {
      detach(workerId);
      return {};
    },

    async OpenSession(parameters) {
      const result = await module.openSession(parameters);
      if ('cookieRefused' in result && result.cookieRefused === 'certificate missing') {
        throw new VarlinkError(securityModuleErrors.CertificateMissing);
      }
      if ('cookieRefused' in result) {
        throw new VarlinkError(securityModuleErrors.CookieRefused, { reason: result.cookieRefused });
      }
      if ('settingsRefused' in result) {
        throw new VarlinkError(securityModuleErrors.SettingsRefused, { message: result.settingsRefused });
      }
      return { grant: { ...result.grant, settings: { ...result.grant.settings } } };
    },

    TunnelOpened(parameters) {
      if (!module.tunnelOpened(parameters.sessionId, parameters)) unknownSession(parameters.sessionId);
      return {};
    },

    CloseSession({ sessionId, openedAt, keepCookie, reason, counters }) {
      const known = CLOSE_REASONS.find((word) => word === reason) ?? 'unspecified';
      const { rxBytes, txBytes } = counters;
      if (!module.closeSession({ sessionId, openedAt, keepCookie, reason: known, rxBytes, txBytes }))
        unknownSession(sessionId);
      return {};
    },

    ReportCounters({ sessionId, openedAt, counters, isInterim }) {
      if (!module.reportCounters(sessionId, openedAt, counters, isInterim)) unknownSession(sessionId);
      return {};
    },

    TerminateUser: ({ username }) => ({ sessionIds: module.terminateUser(username) }),
    TerminateSession: ({ sessionId }) => ({ sessionIds: module.terminateSession(sessionId) }),

    AddressBanned({ address }) {
      module.addressBanned(address);
      return {};
    },

    ListSessions: () => ({ sessions: module.listSessions() }),
    GetStatistics: () => ({ statistics: module.statistics() }),

    Watch(_parameters, call) {
      call.onClosed(module.events.subscribe((event) => call.send({ event })));
      return keepOpen;
    },

    Maintain() {
      module.maintain();
      return {};
    },

    async Stop() {
      await module.shutDown();
      options.onStop();
      return {};
    },
  };

  return {
    handlers,
    close() {
      for (const workerId of [...workers.keys()]) detach(workerId);
    },
  };
}

function authenticatorHandlers(options: DoorOptions, workerId: number): Handlers<AuthenticatorMethods> {
  const { module, log } = options;
  const signatures = new RateBound(SIGNATURES_PER_SECOND, () => options.now());
  const handshakes = new SignedHandshakes(options, () => module.loginLimitMs);

  function ticketOf(sealed: string): Ticket {
    const ticket = module.ticket(sealed, workerId);
    if (ticket === undefined) throw new VarlinkError(authenticatorErrors.BadTicket);
    return ticket;
  }

  return {
    PresentCertificate({ ticket, vhost, handshake }) {
      const opened = ticketOf(ticket);
      const certificate = module.presentCertificate(
        opened,
        vhost,
        Buffer.from(handshake, 'base64'),
        (input) => handshakes.claim(input, opened.connectionId),
      );
      if (certificate === undefined) throw new VarlinkError(authenticatorErrors.CertificateRefused);
      const { username, groups } = certificate;
      return { groups: [...groups], ...(username === undefined ? {} : { username }) };
    },

    async Start({ ticket, vhost, method, credentials, userAgent }) {
      const request = {
        vhost,
        method,
        credentials: bounded(credentials),
        userAgent: userAgent?.slice(0, 256),
      };
      return { step: await module.startLogin(ticketOf(ticket), request) };
    },

    async Continue({ ticket, context, answer }) {
      const step = await module.continueLogin(
        ticketOf(ticket),
        context,
        answer.slice(0, MAX_ANSWER_CHARACTERS),
      );
      if (step === undefined) throw new VarlinkError(authenticatorErrors.UnknownContext);
      return { step };
    },

    Abandon({ ticket, context }) {
      if (!module.abandonLogin(ticketOf(ticket), context))
        throw new VarlinkError(authenticatorErrors.UnknownContext);
      return {};
    },

    ListGroups: async ({ vhost }) => ({ groups: await module.listGroups(vhost) }),

    CheckCookie: ({ ticket, vhost, cookie }) => ({
      isValid: module.isCookieValid(ticketOf(ticket), vhost, cookie.slice(0, MAX_ANSWER_CHARACTERS)),
    }),

    ReadProfile({ ticket, vhost, cookie }) {
      const found = module.profileOf(ticketOf(ticket), vhost, cookie.slice(0, MAX_ANSWER_CHARACTERS));
      if (found === undefined) throw new VarlinkError(authenticatorErrors.CookieRefused);
      return found.bytes === undefined ? {} : { profile: found.bytes.toString('base64') };
    },

    async Sign({ keyId, scheme, input }) {
      const content = Buffer.from(input, 'base64');
      const result = signatures.take()
        ? await module.sign(keyId, scheme, content)
        : { problem: 'too many signatures' };
      if ('problem' in result) {
        log.warning(`worker ${workerId} was refused a signature: ${result.problem}`);
        throw new VarlinkError(authenticatorErrors.SignatureRefused, { reason: result.problem });
      }
      if (module.asksCertificates) handshakes.add(content);
      return { signature: result.signature.toString('base64') };
    },
  };
}

/** Cut: what is longer is wrong all the same. */
function bounded(credentials: AuthenticatorMethods['Start']['parameters']['credentials']) {
  const { username, password, token, group } = credentials;
  return {
    username: username.slice(0, 256),
    password: password?.slice(0, MAX_ANSWER_CHARACTERS),
    token: token?.slice(0, MAX_ANSWER_CHARACTERS),
    group: group?.slice(0, 256),
  };
}

function unknownSession(sessionId: string): never {
  throw new VarlinkError(securityModuleErrors.UnknownSession, { sessionId });
}
