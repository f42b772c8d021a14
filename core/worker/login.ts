// The login dialogue of one connection: gives each request to the state machine and carries out what it says.
// Called by connection.ts, one request at a time.
import type { WorkerHost } from '../config/index.ts';
import type { AuthenticatorCredentials } from '../interfaces/index.ts';
import {
  authenticateValue,
  challengeResponse,
  contextCookie,
  clearedContextCookie,
  formResponse,
  httpScheme,
  identifyClient,
  keepDeviceText,
  keepUserAgent,
  loginFormDocument,
  messages,
  parseAuthorization,
  parseCookies,
  parseLoginBody,
  promptDocument,
  phoneFormResponse,
  phoneSuccessResponse,
  refusedLoginResponse,
  successCookies,
  successDocument,
  successResponse,
  unavailableResponse,
} from '../protocol/index.ts';
import type { Authenticator, PresentedCertificate } from './authenticator.ts';
import { groupChoices, impliedGroup, requestedGroup } from './groups.ts';
import type { HttpAnswer, HttpRequest } from './http-front.ts';
import {
  moveLogin,
  type LoginAction,
  type LoginEvent,
  type LoginPolicy,
  type LoginState,
} from './login-machine.ts';
import { chooseSlot, type ChosenSlot } from './slots.ts';

export interface LoginSurroundings {
  readonly authenticator: Authenticator;
  readonly ticket: string;
  readonly host: WorkerHost;
  readonly includedHeaders: readonly string[];
  readonly vhost: string;
  /** What the client presented in the handshake; undefined: nothing. Settled before the first request is answered. */
  readonly certificate: () => PresentedCertificate | 'refused' | undefined;
  readonly certificateSha1: () => string;
  /** Milliseconds left until auth-timeout. */
  readonly remainingMs: () => number;
  /** A body that is not what it should be, in words without anything of the client's. */
  readonly onMalformed: (mistake: string) => void;
  readonly onUsername: (username: string) => void;
  readonly onRefused: (reason: string, mistake: string | undefined) => void;
  readonly onSucceeded: (username: string | undefined) => void;
}

const passwordMethods: ReadonlySet<string> = new Set(['plain', 'pam', 'radius']);

export class Login {
  readonly #around: LoginSurroundings;
  #state: LoginState = { name: 'idle' };
  #slot: ChosenSlot | undefined;
  /** The slot whose challenge is out: a request without credentials then passes to the next one. */
  #challenged: number | undefined;
  readonly #failedSlots = new Set<number>();
  /** As the client chose it, by form or URL; undefined: not yet. */
  #choice: { readonly group: string | undefined; readonly isByUrl: boolean } | undefined;
  /** What is wrong with the body at hand. */
  #mistake: string | undefined;
  #isPhone = false;

  constructor(around: LoginSurroundings) {
    this.#around = around;
  }

  get isIdle(): boolean {
    return this.#state.name === 'idle';
  }

  async showForm(request: HttpRequest): Promise<HttpAnswer> {
    const httpCredentials = parseAuthorization(request.header('authorization'));
    return this.#take(request, { name: 'formWanted', httpCredentials });
  }

  async post(request: HttpRequest, urlGroup: string | undefined): Promise<HttpAnswer> {
    const { fields, mistake } = parseLoginBody(request.body);
    const { context } = parseCookies(request.header('cookie') ?? '');
    const chosen = fields.group ?? urlGroup;
    if (chosen !== undefined) {
      const group = requestedGroup(this.#around.host.settings, chosen);
      this.#choice = { group, isByUrl: fields.group === undefined };
    }
    this.#mistake = mistake;
    const httpCredentials = parseAuthorization(request.header('authorization'));
    const answer = await this.#take(request, { name: 'posted', fields, context, httpCredentials });
    // A refusal has named it already.
    if (this.#mistake !== undefined) this.#around.onMalformed(this.#mistake);
    this.#mistake = undefined;
    return answer;
  }

  /** GET /svc. */
  showPhoneForm({ minorVersion }: HttpRequest): HttpAnswer {
    return keep(phoneFormResponse(minorVersion, this.#around.includedHeaders));
  }

  /** POST /svc: a Cisco IP phone has one try, with name and password or with its certificate, and knows no other question. */
  async postPhone(request: HttpRequest): Promise<HttpAnswer> {
    const { fields } = parseLoginBody(request.body);
    const isFirst = this.isIdle;
    const { asksPassword } = this.#policy(request);
    const needsBoth = asksPassword && (this.#slot?.methods.includes('certificate') ?? false);
    if (isFirst && asksPassword && (fields.username ?? '') !== '' && needsBoth) {
      return this.#carryOut(request, { do: 'refuse', reason: 'Authentication failed' });
    }
    if (isFirst && asksPassword && ((fields.username ?? '') === '' || fields.password === undefined)) {
      return this.showPhoneForm(request);
    }
    this.#isPhone = true;
    return this.#take(request, { name: 'posted', fields, context: undefined });
  }

  /** The client is gone. */
  close(): void {
    this.#abandon();
    this.#state = { name: 'over' };
  }

  /** Tells the security module that nobody will answer. */
  #abandon(): void {
    const state = this.#state;
    const context =
      state.name === 'asking'
        ? state.asked.context
        : state.name === 'negotiating'
          ? state.context
          : undefined;
    const { ticket, authenticator } = this.#around;
    if (context !== undefined) authenticator.abandon({ ticket, context });
  }

  async #take(request: HttpRequest, event: LoginEvent): Promise<HttpAnswer> {
    // First: a negotiation that the client has broken off leaves the state it was in.
    const policy = this.#policy(request);
    const [state, action] = moveLogin(this.#state, event, policy);
    this.#state = state;
    return this.#carryOut(request, action);
  }

  #policy(request: HttpRequest): LoginPolicy {
    const presented = this.#around.certificate();
    const credentials = parseAuthorization(request.header('authorization'));
    if (this.#state.name === 'negotiating' && credentials === undefined) {
      this.#abandon();
      this.#state = { name: 'idle' };
    }
    // A login that has begun keeps its slot.
    if (this.isIdle) {
      if (credentials === undefined && this.#challenged !== undefined && this.#hasAlternative) {
        this.#failedSlots.add(this.#challenged);
        this.#challenged = undefined;
      }
      this.#slot = this.#chooseSlot(request, this.#failedSlots);
    }
    const failedToo = new Set([...this.#failedSlots, this.#slot?.index ?? 0]);
    return {
      asksPassword: this.#slot?.methods.some((method) => passwordMethods.has(method)) ?? false,
      httpScheme: httpScheme(this.#slot?.methods ?? []),
      hasFallback: this.#chooseSlot(request, failedToo)?.lacksCertificate === false,
      isRefused: presented === 'refused',
      lacksCertificate: this.#slot?.lacksCertificate ?? false,
      mustChooseGroup:
        this.#choice === undefined && this.#ownGroups().length > 0 && this.#requestedGroup() === undefined,
    };
  }

  #chooseSlot(request: HttpRequest, failed: ReadonlySet<number>): ChosenSlot | undefined {
    const { host, certificate } = this.#around;
    const presented = certificate();
    const scheme = parseAuthorization(request.header('authorization'))?.scheme;
    return chooseSlot(host.settings, {
      hasCertificate: presented !== undefined && presented !== 'refused',
      wantsHttpAuth: request.header('x-support-http-auth') !== undefined || scheme === 'negotiate',
      hasBearerToken: scheme === 'bearer',
      failed,
    });
  }

  /** Of the host's slots more than one may still be tried. */
  get #hasAlternative(): boolean {
    return this.#around.host.settings['enable-auth'].length > this.#failedSlots.size;
  }

  /** Of the certificate, where it counts for the slot. */
  #ownGroups(): readonly string[] {
    const presented = this.#around.certificate();
    const counts = this.#slot?.methods.includes('certificate') ?? false;
    return counts && presented !== undefined && presented !== 'refused' ? presented.groups : [];
  }

  #requestedGroup(): string | undefined {
    if (this.#choice !== undefined) return this.#choice.group;
    const isAlone = this.#slot?.methods.length === 1;
    return isAlone ? impliedGroup(this.#around.host.settings, this.#ownGroups()) : undefined;
  }

  async #carryOut(request: HttpRequest, action: LoginAction): Promise<HttpAnswer> {
    const { authenticator, ticket, host, vhost, includedHeaders } = this.#around;
    const { minorVersion } = request;
    const bare = identifyClient(request.header('user-agent'), undefined).kind === 'openconnectV3';
    if (this.#isPhone && isQuestion(action)) {
      this.close();
      return this.#carryOut(request, { do: 'refuse', reason: 'Authentication failed' });
    }
    switch (action.do) {
      case 'showForm': {
        const document = await this.#formDocument(bare, this.#policy(request));
        return keep(
          formResponse({ minorVersion, document, includedHeaders, contextCookie: clearedContextCookie() }),
        );
      }
      case 'showPrompt': {
        const { context, message, promptNumber } = action.asked;
        const cookie = contextCookie(context, host.settings['cookie-timeout']);
        const document = promptDocument({ bare, message, promptNumber });
        return keep(formResponse({ minorVersion, document, includedHeaders, contextCookie: cookie }));
      }
      case 'challenge':
        this.#challenged = this.#slot?.index;
        return keep(challengeResponse(minorVersion, action.scheme, this.#hasAlternative, action.token));
      case 'fallBack':
        if (this.#slot !== undefined) this.#failedSlots.add(this.#slot.index);
        this.#challenged = undefined;
        return this.#take(request, { name: 'formWanted' });
      case 'start': {
        const { username, password, token } = action;
        if (username !== '') this.#around.onUsername(username);
        const group = this.#requestedGroup();
        const credentials: AuthenticatorCredentials = { username, password, token, group };
        const method = this.#slot?.index ?? 0;
        const start = { ticket, vhost, method, credentials, ...this.#clientTexts(request) };
        return this.#take(request, await authenticator.start(start, this.#around.remainingMs()));
      }
      case 'continue': {
        const { context, answer } = action;
        return this.#take(
          request,
          await authenticator.continue({ ticket, context, answer }, this.#around.remainingMs()),
        );
      }
      case 'succeed': {
        const { username, context, prompt, token, profile } = action.step;
        this.#around.onSucceeded(username);
        if (this.#isPhone) return keep(phoneSuccessResponse(minorVersion, action.cookie));
        const certificateSha1 = this.#around.certificateSha1();
        const cookies = successCookies({ cookie: action.cookie, context, certificateSha1, profile });
        const banner = [host.settings.banner, prompt].filter((text) => text !== undefined).join('\n');
        const document = successDocument({ bare, banner: banner === '' ? undefined : banner, profile });
        const scheme = httpScheme(this.#slot?.methods ?? []);
        const authenticate =
          scheme === undefined || token === undefined ? undefined : authenticateValue(scheme, token);
        return keep(successResponse({ minorVersion, document, includedHeaders, cookies, authenticate }));
      }
      case 'refuse':
        this.#around.onRefused(action.reason, this.#mistake);
        this.#mistake = undefined;
        return { bytes: refusedLoginResponse(minorVersion, action.reason), then: 'refuse' };
      case 'sayUnavailable':
        return keep(unavailableResponse(minorVersion));
    }
  }

  async #formDocument(bare: boolean, { asksPassword }: LoginPolicy): Promise<string> {
    const { authenticator, vhost, host } = this.#around;
    const { settings } = host;
    const isByCertificate = !asksPassword && (this.#slot?.methods.includes('certificate') ?? false);
    return loginFormDocument({
      bare,
      banner: settings['pre-login-banner'],
      message: isByCertificate ? messages.group : messages.credentials,
      asksCredentials: asksPassword,
      groups: groupChoices(settings, {
        found: settings['auto-select-group'] ? await authenticator.listGroups(vhost) : [],
        ofCertificate: this.#ownGroups(),
        requested: this.#choice?.group,
        isFixed: this.#choice?.isByUrl ?? false,
      }),
    });
  }

  #clientTexts(request: HttpRequest) {
    const agent = request.header('user-agent');
    const type = request.header('x-anyconnect-identifier-devicetype');
    const platform = request.header('x-anyconnect-identifier-platform');
    return {
      userAgent: agent === undefined ? undefined : keepUserAgent(agent),
      deviceType: type === undefined ? undefined : keepDeviceText(type),
      devicePlatform: platform === undefined ? undefined : keepDeviceText(platform),
    };
  }
}

/** What a phone has no answer to. */
function isQuestion(action: LoginAction): boolean {
  return ['showForm', 'showPrompt', 'challenge', 'fallBack'].includes(action.do);
}

function keep(bytes: Buffer): HttpAnswer {
  return { bytes, then: 'keep' };
}
