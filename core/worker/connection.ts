// One client from its TCP socket to its tunnel.
//   1. TLS handshake (signatures from the security module, host by SNI);
//   2. HTTP requests: static pages and the login dialogue, until auth-timeout;
//   3. CONNECT: main opens the session, the answer is written, the packet thread takes the connection over.
// Ends exactly once, by end(); a tunnel that was opened has its own end in tunnels.ts.
import { randomBytes } from 'node:crypto';
import { setTimeout as startTimer } from 'node:timers';
import {
  sessionsErrors,
  type SessionsReason,
  type SessionsState,
  type WorkerConnection,
} from '../interfaces/index.ts';
import { acceptTls, closeDescriptor, type TlsConnection, type TlsFacts } from '../native/index.ts';
import type { PacketThread, TunnelEnd, TunnelEvents, TunnelOptions } from '../native/index.ts';
import {
  documentResponse,
  identifyClient,
  keepDeviceText,
  keepUserAgent,
  matchingDtlsSuites,
  notFoundResponse,
  parseConnectRequest,
  parseCookies,
  refusedConnectResponse,
  unavailableResponse,
  type ConnectRefusal,
} from '../protocol/index.ts';
import type { SessionsMethods } from '../interfaces/index.ts';
import { workerPrefix, type Logger } from '../system/index.ts';
import { VarlinkError, type VarlinkClient } from '../varlink/index.ts';
import type { Authenticator, PresentedCertificate } from './authenticator.ts';
import { Camouflage } from './camouflage.ts';
import { agreeDtls, agreeTunnel } from './connect.ts';
import type { Hosts, ServedHost } from './hosts.ts';
import type { Conversation, HttpAnswer, HttpFront, HttpRequest } from './http-front.ts';
import { answerKdcRequest } from './kdc-proxy.ts';
import { Login } from './login.ts';
import { isTunnelTarget } from './quirks.ts';
import type { Tunnels } from './tunnels.ts';
import { findRoute } from './url-routes.ts';

export interface ConnectionSurroundings {
  readonly log: Logger;
  readonly hosts: Hosts;
  readonly front: HttpFront;
  readonly authenticator: Authenticator;
  readonly sessions: VarlinkClient<SessionsMethods>;
  readonly tunnels: Tunnels;
  readonly packets: PacketThread;
  readonly onEnd: () => void;
}

/** The words of the kernel, as libuv has them; other errors of a connection are those of TLS. */
const socketErrors: ReadonlySet<string> = new Set([
  'connection reset by peer',
  'broken pipe',
  'connection timed out',
  'host is unreachable',
  'network is unreachable',
]);

type Stage = 'handshake' | 'http' | 'opening' | 'tunnel' | 'ended';

export class Connection {
  readonly #facts: WorkerConnection;
  readonly #around: ConnectionSurroundings;
  readonly #tls: TlsConnection;
  readonly #authTimer: NodeJS.Timeout;
  readonly #deadline: number;
  #stage: Stage = 'handshake';
  #served: ServedHost;
  #tlsFacts: TlsFacts | undefined;
  #keyId: string | undefined;
  #certificate: PresentedCertificate | 'refused' | undefined;
  /** Until it is known what the security module says of the certificate. */
  #presenting: Promise<void> | undefined;
  #conversation: Conversation | undefined;
  #login: Login | undefined;
  #camouflage: Camouflage | undefined;
  #userAgent: string | undefined;
  #username: string | undefined;
  #log: Logger;

  constructor(fd: number, facts: WorkerConnection, around: ConnectionSurroundings) {
    this.#facts = facts;
    this.#around = around;
    this.#served = around.hosts.fallback;
    this.#log = this.#makeLog();
    const timeoutMs = this.#served.host.settings['auth-timeout'] * 1000;
    this.#deadline = facts.acceptedAt + timeoutMs;
    this.#authTimer = startTimer(() => this.#timeOut(), Math.max(1, this.#deadline - Date.now()));
    this.#tls = acceptTls(fd, this.#served.context, {
      selectContext: (serverName) => this.#selectHost(serverName),
      onSignature: (request) => {
        this.#keyId = request.keyId;
        return around.authenticator.sign(request.keyId, request.scheme, request.input);
      },
      onSecure: (tls) => this.#startHttp(tls),
      onData: (bytes) => this.#conversation?.receive(bytes),
      onEnd: () => this.#conversation?.receiveEnd(),
      onClose: (error, sawBytes, clientProof) => {
        // A certificate that was refused in the handshake is a failed login too.
        if (clientProof !== undefined) void this.#present(clientProof);
        if (error !== undefined && sawBytes) this.#logFailure(error);
        this.end(sawBytes ? 'unspecified' : 'healthProbe');
      },
    });
  }

  /** Drops the connection if it has no tunnel yet. Safe to call twice. */
  end(reason: SessionsReason): void {
    if (this.#stage === 'tunnel' || this.#stage === 'ended') return;
    const wasOpening = this.#stage === 'opening';
    this.#stage = 'ended';
    clearTimeout(this.#authTimer);
    this.#login?.close();
    this.#conversation?.close();
    this.#tls.close();
    this.#around.onEnd();
    // While main opens a session for it, main must not forget the connection; #openTunnel says how that ends.
    if (!wasOpening) this.#reportClosed(reason);
  }

  /** A client that goes away between two requests is everyday life; everything else is a mistake of somebody. */
  #logFailure({ message }: Error): void {
    if (this.#stage === 'handshake') this.#log.info(`TLS handshake failed: ${message}`);
    else if (this.#stage === 'http' && this.#conversation?.isInRequest === true) {
      this.#log.info(`closing the connection: the request ends in the middle (${message})`);
    } else if (this.#stage === 'http' && !socketErrors.has(message)) {
      this.#log.info(`TLS connection failed: ${message}`);
    } else this.#log.debug(`connection closed: ${message}`);
  }

  #timeOut(): void {
    this.#log.info('the client did not log in in time');
    this.end('unspecified');
  }

  #reportClosed(reason: SessionsReason): void {
    const { sessions } = this.#around;
    sessions.call('ConnectionClosed', { connectionId: this.#facts.id, reason }).catch(() => undefined);
  }

  #makeLog(): Logger {
    const component = workerPrefix({
      address: this.#facts.remoteAddress,
      username: this.#username,
      vhost: this.#served.vhost,
    });
    return this.#around.log.child({ component });
  }

  #selectHost(serverName: string | undefined): ServedHost['context'] {
    this.#served = this.#around.hosts.find(serverName);
    this.#log = this.#makeLog();
    return this.#served.context;
  }

  #startHttp(tls: TlsFacts): void {
    if (this.#stage !== 'handshake') return;
    this.#stage = 'http';
    this.#tlsFacts = tls;
    if (tls.clientProof !== undefined) {
      this.#presenting = this.#present(tls.clientProof).then((certificate) => {
        this.#certificate = certificate ?? 'refused';
      });
    }
    const { authenticator, front } = this.#around;
    this.#camouflage = new Camouflage(this.#served.host.camouflage, (cookie) => this.#isCookieValid(cookie));
    this.#login = new Login({
      authenticator,
      ticket: this.#facts.ticket,
      host: this.#served.host,
      includedHeaders: this.#served.host.settings['included-http-headers'],
      vhost: this.#served.vhost,
      certificate: () => this.#certificate,
      certificateSha1: () => this.#certificateSha1(),
      remainingMs: () => Math.max(1000, this.#deadline - Date.now()),
      onMalformed: (mistake) => this.#log.info(`malformed login request: ${mistake}`),
      onUsername: (username) => this.#setUsername(username),
      onRefused: (reason, mistake) => this.#logRefusal(reason, mistake),
      onSucceeded: (username) => {
        if (username !== undefined) this.#setUsername(username);
        this.#report('authenticated');
      },
    });
    this.#conversation = front.converse(this.#tls, {
      onRequest: (request) => this.#answer(request),
      onConnect: (request, early) => void this.#connect(request, early),
      onViolation: (rule) => {
        this.#log.info(`closing the connection: ${rule}`);
        return this.#camouflage?.lastWords(rule);
      },
    });
    this.#report('login');
  }

  /** Shows the security module what the client presented; it judges, and logs what it refuses. */
  #present(clientProof: Buffer): Promise<PresentedCertificate | undefined> {
    const handshake = clientProof.toString('base64');
    const { ticket } = this.#facts;
    return this.#around.authenticator.present({ ticket, vhost: this.#served.vhost, handshake });
  }

  #certificateSha1(): string {
    const { certificateSha1 } = this.#served;
    const used = this.#keyId === undefined ? undefined : certificateSha1.get(this.#keyId);
    return used ?? certificateSha1.values().next().value ?? '';
  }

  #setUsername(username: string): void {
    this.#username = username;
    this.#log = this.#makeLog();
  }

  #logRefusal(reason: string, mistake: string | undefined): void {
    const { username } = { username: this.#username ?? '' };
    if (reason === 'Authentication failed') {
      this.#log.error(`failed authentication for '${username.replaceAll("'", '\\x27')}'`);
    } else this.#log.info(`login refused: ${reason}${mistake === undefined ? '' : ` (${mistake})`}`);
  }

  #report(state: SessionsState): void {
    const report = {
      connectionId: this.#facts.id,
      state,
      vhost: this.#served.vhost,
      userAgent: this.#userAgent,
      username: this.#username,
      tlsCiphersuite: this.#tlsFacts?.description,
    };
    this.#around.sessions.call('ReportConnection', report).catch(() => undefined);
  }

  async #answer(asked: HttpRequest): Promise<HttpAnswer> {
    const login = this.#login;
    const camouflage = this.#camouflage;
    if (login === undefined || camouflage === undefined) throw new Error('a request before the handshake');
    await this.#presenting;
    const request = await camouflage.admit(asked);
    if (request === undefined) {
      this.#log.info(`refused ${asked.method} "${withoutQuery(asked.target)}": it does not know the secret`);
      return { bytes: camouflage.refusal(asked), then: 'close' };
    }
    this.#noteAgent(request);
    const { settings } = this.#served.host;
    const route = findRoute(request.method, request.target, {
      isIdle: login.isIdle,
      groupByUrl: settings['select-group-by-url'] || settings['cisco-client-compat'],
      kdcPaths: settings.kkdcp,
    });
    switch (route.name) {
      case 'loginForm':
        return login.showForm(request);
      case 'login':
        return login.post(request, route.group);
      case 'document': {
        const { contentType, body } = route.document;
        const included = this.#served.host.settings['included-http-headers'];
        return { bytes: documentResponse(request.minorVersion, contentType, body, included), then: 'keep' };
      }
      case 'phoneForm':
      case 'phoneLogin':
        if (!settings['cisco-svc-client-compat']) {
          this.#log.warning('a client logs in as Cisco IP phones do, and cisco-svc-client-compat is off');
        }
        return route.name === 'phoneForm' ? login.showPhoneForm(request) : login.postPhone(request);
      case 'profile':
        return this.#showProfile(request);
      case 'kdcProxy':
        return answerKdcRequest(request, route.path, {
          sessions: this.#around.sessions,
          connectionId: this.#facts.id,
          vhost: this.#served.vhost,
          includedHeaders: settings['included-http-headers'],
          onRefused: (reason) => this.#log.info(`kkdcp: ${reason}`),
        });
      case 'notFound':
        this.#log.info(`refused ${request.method} "${withoutQuery(request.target)}": there is no such page`);
        return { bytes: notFoundResponse(request.minorVersion), then: 'close' };
    }
  }

  #isCookieValid(cookie: string): Promise<boolean> {
    const { ticket } = this.#facts;
    return this.#around.authenticator.isCookieValid({ ticket, vhost: this.#served.vhost, cookie });
  }

  async #showProfile(request: HttpRequest): Promise<HttpAnswer> {
    const { session: cookie } = parseCookies(request.header('cookie') ?? '');
    const refuse = (refusal: ConnectRefusal): HttpAnswer => {
      this.#log.info(
        `refused "${withoutQuery(request.target)}": ${refusal === 'cookie' ? 'the cookie is not valid' : 'there is no cookie'}`,
      );
      return { bytes: refusedConnectResponse(refusal), then: 'refuse' };
    };
    if (cookie === undefined) return refuse('noCookie');
    const { ticket } = this.#facts;
    const read = await this.#around.authenticator.readProfile({ ticket, vhost: this.#served.vhost, cookie });
    if (read.name === 'refused') return refuse('cookie');
    const { minorVersion } = request;
    if (read.name === 'unavailable') return { bytes: unavailableResponse(minorVersion), then: 'keep' };
    if (read.profile === undefined) return { bytes: notFoundResponse(minorVersion), then: 'close' };
    const included = this.#served.host.settings['included-http-headers'];
    return { bytes: documentResponse(minorVersion, 'text/xml', read.profile, included), then: 'keep' };
  }

  #noteAgent(request: HttpRequest): void {
    const agent = request.header('user-agent');
    if (agent === undefined || this.#userAgent !== undefined) return;
    this.#userAgent = keepUserAgent(agent);
    this.#report('login');
  }

  async #connect(request: HttpRequest, early: Buffer): Promise<void> {
    const tls = this.#tlsFacts;
    if (this.#stage !== 'http' || tls === undefined) return;
    this.#noteAgent(request);
    const { settings } = this.#served.host;
    const { session: cookie } = parseCookies(request.header('cookie') ?? '');
    if (cookie === undefined) return this.#refuse('noCookie', 'CONNECT without a cookie');
    if (!isTunnelTarget(request.target)) {
      this.#log.info(`refused CONNECT "${withoutQuery(request.target)}": there is no such tunnel`);
      return this.#conversation?.refuse(
        this.#camouflage?.isUp === true ? this.#camouflage.connectRefusal() : notFoundResponse(1),
      );
    }
    await this.#presenting;
    if ((this.#stage as Stage) !== 'http') return;
    if (this.#certificate === 'refused') {
      return this.#refuse('unavailable', 'CONNECT with a certificate that is refused');
    }
    const wanted = parseConnectRequest(request.header);
    const platform = request.header('x-anyconnect-identifier-platform');
    const type = request.header('x-anyconnect-identifier-devicetype');
    const dtlsCipherList = settings['match-tls-dtls-ciphers']
      ? matchingDtlsSuites(this.#served.dtlsCipherList, tls.cipher)
      : this.#served.dtlsCipherList;
    const dtls = agreeDtls({
      settings,
      request: wanted,
      pskCipherList: dtlsCipherList,
      tlsCipher: tls.cipher,
      id: randomBytes(32).toString('hex'),
    });
    this.#stage = 'opening';
    const opened = await this.#around.sessions
      .call(
        'OpenSession',
        {
          connectionId: this.#facts.id,
          cookie,
          vhost: this.#served.vhost,
          userAgent: this.#userAgent,
          hostname: wanted.hostname,
          deviceType: type === undefined ? undefined : keepDeviceText(type),
          devicePlatform: platform === undefined ? undefined : keepDeviceText(platform),
          wantsIpv4: wanted.wantsIpv4,
          wantsIpv6: wanted.wantsIpv6,
          dtlsId: dtls?.id,
          tlsCiphersuite: tls.description,
        },
        { timeoutMs: Math.max(1000, this.#deadline - Date.now()) },
      )
      .catch((error: unknown) => (error instanceof Error ? error : new Error(String(error))));
    if (opened instanceof Error) return this.#takeRefusal(opened);
    const [tunFd, ...surplus] = opened.descriptors;
    for (const descriptor of surplus) closeDescriptor(descriptor);
    const session = opened.parameters.settings;
    if (tunFd === undefined || (this.#stage as Stage) === 'ended') {
      if (tunFd !== undefined) closeDescriptor(tunFd);
      await this.#around.tunnels.reportClosed(session.sessionId, 'unspecified');
      return this.end('unspecified');
    }
    this.#setUsername(session.username);
    const client = identifyClient(this.#userAgent, platform);
    let hasAnswered = false;
    try {
      const agreed = agreeTunnel({
        settings,
        includedHeaders: this.#served.host.settings['included-http-headers'],
        session,
        client,
        request: wanted,
        tls,
        remoteAddress: this.#facts.remoteAddress,
        pathMtuBytes: this.#tls.pathMtu(),
        dtls,
        now: Date.now(),
        random: Math.random(),
      });
      this.#tls.write(Buffer.from(agreed.response, 'latin1'));
      hasAnswered = true;
      this.#openTunnel(agreed.options, session.sessionId, tunFd, early);
    } catch (error) {
      const text = `cannot open the tunnel: ${error instanceof Error ? error.message : String(error)}`;
      closeDescriptor(tunFd);
      await this.#around.tunnels.reportClosed(session.sessionId, 'error');
      if (!hasAnswered) return this.#refuse('server', text);
      this.#log.info(text);
      this.#stage = 'http';
      this.end('error');
    }
  }

  #openTunnel(options: TunnelOptions, sessionId: string, tunFd: number, early: Buffer): void {
    const { tunnels, packets, onEnd } = this.#around;
    const state = tunnelState(this.#around.sessions, sessionId, options);
    const endOf = tunnelEnd(this.#log, options);
    const onMistake = tunnelMistake(this.#log);
    tunnels.add(sessionId, (ended) =>
      packets.openTunnel(this.#tls, tunFd, early, options, { ...state, onMistake, onEnd: endOf(ended) }),
    );
    clearTimeout(this.#authTimer);
    this.#stage = 'tunnel';
    state.report();
    // The connection's part is over: what logging in took goes with it, the tunnel lives on without.
    onEnd();
  }

  #takeRefusal(error: Error): void {
    const name = error instanceof VarlinkError ? error.error : undefined;
    if (name === sessionsErrors.CookieRefused)
      return this.#refuse('cookie', 'failed cookie authentication attempt');
    if (name === sessionsErrors.CertificateMissing)
      return this.#refuse('unavailable', 'CONNECT without the certificate that is needed');
    if (name === sessionsErrors.NoNetwork)
      return this.#refuse('network', 'no network is configured for this client');
    if (name === sessionsErrors.NoFreeAddress)
      return this.#refuse('addresses', 'no free address for this client');
    return this.#refuse('unavailable', 'the session cannot be opened now');
  }

  #refuse(refusal: ConnectRefusal, text: string): void {
    this.#log.info(text);
    if (this.#stage === 'opening') this.#stage = 'http';
    if (this.#stage === 'ended') return this.#reportClosed('unspecified');
    const isUnknown = refusal === 'cookie' || refusal === 'noCookie';
    const words =
      isUnknown && this.#camouflage?.isUp === true
        ? this.#camouflage.connectRefusal()
        : refusedConnectResponse(refusal);
    this.#conversation?.refuse(words);
  }
}

/** For the log: a query may hold what nobody else should read. */
function withoutQuery(target: string): string {
  return target.replace(/\?.*$/s, '?…');
}

/** Tells main what the tunnel's channels are. Apart from the class, so that nothing of the login is kept alive. */
function tunnelState(
  sessions: VarlinkClient<SessionsMethods>,
  sessionId: string,
  options: TunnelOptions,
): { report(): void; onDtls(description: string | undefined): void; onMtu(bytes: number): void } {
  let tunnelMtu = options.tunnelMtuBytes;
  // As occtl has always called them.
  const shown = (name: TunnelOptions['cstpCompression']): string | undefined => name?.replace('oc-', '');
  const cstpCompression = shown(options.cstpCompression);
  const dtlsCompression = shown(options.dtlsCompression);
  let dtlsCiphersuite: string | undefined;
  const report = (): void => {
    sessions
      .call('TunnelChanged', { sessionId, tunnelMtu, dtlsCiphersuite, cstpCompression, dtlsCompression })
      .catch(() => undefined);
  };
  return {
    report,
    onDtls(description) {
      dtlsCiphersuite = description;
      report();
    },
    onMtu(bytes) {
      tunnelMtu = bytes;
      report();
    },
  };
}

function tunnelMistake(log: Logger): TunnelEvents['onMistake'] {
  return (text) => {
    log.info(text);
  };
}

type Timers = Pick<TunnelOptions, 'idleTimeoutSeconds' | 'remainingSeconds' | 'dpdSeconds'>;

function tunnelEnd(
  log: Logger,
  { idleTimeoutSeconds, remainingSeconds, dpdSeconds }: Timers,
): (ended: (reason: TunnelEnd) => void) => TunnelEvents['onEnd'] {
  // The C program's words where it has some: they are looked for in logs.
  const words: Partial<Record<TunnelEnd, string>> = {
    userDisconnect: 'received BYE packet; exiting',
    idleTimeout: `idle timeout reached for process (${String(idleTimeoutSeconds)} secs)`,
    sessionTimeout: `session timeout reached for process (${String(remainingSeconds)} secs)`,
    dpdTimeout: `have not received TCP DPD for long (${String(dpdSeconds * 3)} secs)`,
  };
  return (ended) => (reason, detail) => {
    const text = words[reason] ?? detail;
    if (text !== '') log.info(text);
    ended(reason);
  };
}
