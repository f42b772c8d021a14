// The radius method: asks the RADIUS servers of the site (PAP), in as many rounds as they want. Made by
// backends.ts; what the packets look like stands in radius/.
import type { Log } from '../log.ts';
import { quoted } from '../log.ts';
import {
  attribute,
  codes,
  groupsOf,
  MAX_PASSWORD_BYTES,
  nasAddress,
  supplementOf,
  valueOf,
  valuesOf,
  type Attribute,
  type RadiusSite,
} from '../radius/index.ts';
import type { Backend, BackendReply, Conversation, LoginFacts, SessionSupplement } from './backend.ts';
import { PASSWORD_TRIES } from './combine.ts';

export interface RadiusOptions extends RadiusSite {
  readonly log: Log;
  /** The server supplies the settings of sessions. */
  readonly suppliesSettings: boolean;
}

/** RFC 2865, 5.6: 2 Framed, 8 Authenticate Only. */
const FRAMED = 2;
const AUTHENTICATE_ONLY = 8;
/** RFC 2865, 5.41: what ocserv has always said a VPN is. */
const ASYNC_PORT = 0;
const MAX_ROUNDS = 16;
const MAX_NAME_BYTES = 253;
/** In a packet there is room for more, but not in every server's answer to it. */
const MAX_CLASSES = 10;
const MAX_PROMPT_CHARACTERS = 1_024;

export function radiusBackend(options: RadiusOptions): Backend {
  return {
    name: 'radius',
    tries: PASSWORD_TRIES,
    begin: (facts) => converse(options, facts),
    listGroups: () => Promise.resolve([]),
  };
}

function converse(options: RadiusOptions, facts: LoginFacts): Conversation {
  const { log, exchange } = options;
  const calledOff = new AbortController();
  let state: Buffer | undefined;
  let rounds = 0;
  let promptNumber = 0;
  let prompt = '';

  async function answer(text: string): Promise<BackendReply> {
    const password = Buffer.from(text);
    // What no server can be asked is wrong.
    if (password.length > MAX_PASSWORD_BYTES) return rejected('password is too long');
    const name = nameInRealm(facts.username, options.defaultRealm);
    if (Buffer.byteLength(name) > MAX_NAME_BYTES) return rejected('user name is too long');
    const asked = await exchange.ask(
      'access',
      request(options, facts, name, password, state),
      calledOff.signal,
    );
    if ('failure' in asked) return { kind: 'unavailable', reason: asked.failure };
    const { code, attributes } = asked.answer;
    switch (code) {
      case codes.accessAccept:
        return accepted(attributes);
      case codes.accessChallenge:
        return challenged(attributes);
      default: {
        const message = messageOf(attributes);
        return {
          ...rejected('refused by the RADIUS server'),
          ...(message === '' ? {} : { prompt: message }),
        };
      }
    }
  }

  /** After a challenge there is no way back to the password. */
  function rejected(reason: string) {
    return { kind: 'rejected', reason, isFinal: rounds > 0 } as const;
  }

  function challenged(attributes: readonly Attribute[]): BackendReply {
    const message = messageOf(attributes);
    state = valueOf(attributes, 'State');
    rounds += 1;
    if (state === undefined || message === '' || rounds > MAX_ROUNDS) {
      const missing = state === undefined ? 'State' : 'Reply-Message';
      const problem =
        rounds > MAX_ROUNDS
          ? `more than ${MAX_ROUNDS} RADIUS challenges`
          : `a RADIUS challenge without ${missing}`;
      log.warning(`radius-auth: ${problem} for user ${quoted(facts.username)}`);
      return { kind: 'rejected', reason: problem, isFinal: true };
    }
    if (message !== prompt) promptNumber += 1;
    prompt = message;
    return { kind: 'prompted', prompt, promptNumber };
  }

  function accepted(attributes: readonly Attribute[]): BackendReply {
    const service = valueOf(attributes, 'Service-Type');
    if (service !== undefined && service !== FRAMED) {
      log.warning(
        `radius-auth: Service-Type ${service} for user ${quoted(facts.username)}; expected ${FRAMED} (Framed) or none`,
      );
      return rejected(`the RADIUS server granted Service-Type ${service}`);
    }
    const { groups, dropped } = groupsOf(attributes, options.groupSeparator);
    if (dropped > 0) {
      log.warning(`radius-auth: user ${quoted(facts.username)} has too many groups; ${dropped} are left out`);
    }
    return { kind: 'accepted', username: facts.username, groups, supplement: supplement(attributes) };
  }

  function supplement(attributes: readonly Attribute[]): SessionSupplement {
    const classes = valuesOf(attributes, 'Class')
      .slice(0, MAX_CLASSES)
      .map((bytes) => bytes.toString('base64'));
    if (!options.suppliesSettings) return { classes };
    const { lines, ignored } = supplementOf(attributes);
    for (const text of ignored) {
      log.warning(`radius-auth: ignored for user ${quoted(facts.username)}: ${text}`);
    }
    return { classes, settingLines: lines };
  }

  return { answer, close: () => calledOff.abort() };
}

function request(
  options: RadiusOptions,
  facts: LoginFacts,
  name: string,
  password: Buffer,
  state: Buffer | undefined,
): Attribute[] {
  return [
    attribute('User-Name', name),
    attribute('User-Password', password),
    nasAddress(options.nasAddress ?? facts.localAddress),
    ...(options.nasIdentifier === undefined ? [] : [attribute('NAS-Identifier', options.nasIdentifier)]),
    attribute('Calling-Station-Id', facts.remoteAddress),
    attribute('Acct-Session-Id', facts.sessionId),
    ...(facts.userAgent === undefined || facts.userAgent === ''
      ? []
      : [attribute('Connect-Info', facts.userAgent)]),
    attribute('Service-Type', AUTHENTICATE_ONLY),
    attribute('NAS-Port-Type', ASYNC_PORT),
    ...(state === undefined ? [] : [attribute('State', state)]),
  ];
}

function nameInRealm(username: string, realm: string | undefined): string {
  return realm === undefined || username.includes('@') ? username : `${username}@${realm}`;
}

function messageOf(attributes: readonly Attribute[]): string {
  return valuesOf(attributes, 'Reply-Message').join('\n').slice(0, MAX_PROMPT_CHARACTERS);
}
