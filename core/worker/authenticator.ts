// The worker's way to the security module, which may be restarted at any time: main then attaches a fresh
// connection. Calls wait for one a few seconds; what was under way on the old one has no answer.
import {
  authenticatorDescription,
  authenticatorErrors,
  type AuthenticatorMethods,
  type AuthenticatorStep,
} from '../interfaces/index.ts';
import { createClient, VarlinkError, type Transport, type VarlinkClient } from '../varlink/index.ts';
import { authenticatorHoldMs } from './limits.ts';

type Client = VarlinkClient<AuthenticatorMethods>;
type Parameters<K extends keyof AuthenticatorMethods> = AuthenticatorMethods[K]['parameters'];

export type LoginReply =
  | { readonly name: 'stepped'; readonly step: AuthenticatorStep }
  | { readonly name: 'contextLost' }
  | { readonly name: 'unavailable' };

export type ProfileReply =
  /** Undefined: the session has none. */
  | { readonly name: 'read'; readonly profile: Buffer | undefined }
  | { readonly name: 'refused' }
  | { readonly name: 'unavailable' };

/** What the security module made of a certificate. */
export interface PresentedCertificate {
  readonly username?: string | undefined;
  readonly groups: readonly string[];
}

export interface Authenticator {
  /** Undefined: refused, or there was nobody to ask. */
  present(parameters: Parameters<'PresentCertificate'>): Promise<PresentedCertificate | undefined>;
  start(parameters: Parameters<'Start'>, timeoutMs: number): Promise<LoginReply>;
  continue(parameters: Parameters<'Continue'>, timeoutMs: number): Promise<LoginReply>;
  abandon(parameters: Parameters<'Abandon'>): void;
  isCookieValid(parameters: Parameters<'CheckCookie'>): Promise<boolean>;
  readProfile(parameters: Parameters<'ReadProfile'>): Promise<ProfileReply>;
  listGroups(vhost: string): Promise<readonly string[]>;
  /** Rejects when there is no signature; the handshake then fails. */
  sign(keyId: string, scheme: number, input: Buffer): Promise<Buffer>;
}

export class AttachedAuthenticator implements Authenticator {
  #client: Client | undefined;
  readonly #waiters = new Set<(client: Client) => void>();

  attach(transport: Transport, closeDescriptor: (descriptor: number) => void): void {
    this.#client?.close();
    const client = createClient<AuthenticatorMethods>(transport, authenticatorDescription, {
      serials: true,
      timeoutMs: 10_000,
      closeDescriptor,
    });
    this.#client = client;
    void client.closed.then(() => {
      if (this.#client === client) this.#client = undefined;
    });
    for (const waiter of this.#waiters) waiter(client);
    this.#waiters.clear();
  }

  async present(parameters: Parameters<'PresentCertificate'>): Promise<PresentedCertificate | undefined> {
    const client = await this.#ready();
    return client?.call('PresentCertificate', parameters).then(
      (reply) => reply.parameters,
      () => undefined,
    );
  }

  async start(parameters: Parameters<'Start'>, timeoutMs: number): Promise<LoginReply> {
    return this.#login(
      async (client) => (await client.call('Start', parameters, { timeoutMs })).parameters.step,
    );
  }

  async continue(parameters: Parameters<'Continue'>, timeoutMs: number): Promise<LoginReply> {
    return this.#login(
      async (client) => (await client.call('Continue', parameters, { timeoutMs })).parameters.step,
    );
  }

  abandon(parameters: Parameters<'Abandon'>): void {
    this.#client?.call('Abandon', parameters).catch(() => undefined);
  }

  async isCookieValid(parameters: Parameters<'CheckCookie'>): Promise<boolean> {
    const client = await this.#ready();
    if (client === undefined) return false;
    return client.call('CheckCookie', parameters).then(
      (reply) => reply.parameters.isValid,
      () => false,
    );
  }

  async readProfile(parameters: Parameters<'ReadProfile'>): Promise<ProfileReply> {
    const client = await this.#ready();
    if (client === undefined) return { name: 'unavailable' };
    try {
      const { profile } = (await client.call('ReadProfile', parameters)).parameters;
      return { name: 'read', profile: profile === undefined ? undefined : Buffer.from(profile, 'base64') };
    } catch (error) {
      const isRefused = error instanceof VarlinkError && error.error === authenticatorErrors.CookieRefused;
      return { name: isRefused ? 'refused' : 'unavailable' };
    }
  }

  async listGroups(vhost: string): Promise<readonly string[]> {
    const client = await this.#ready();
    if (client === undefined) return [];
    return client.call('ListGroups', { vhost }).then(
      ({ parameters }) => parameters.groups,
      () => [],
    );
  }

  async sign(keyId: string, scheme: number, input: Buffer): Promise<Buffer> {
    const client = await this.#ready();
    if (client === undefined) throw new Error('the security module is away');
    const { parameters } = await client.call('Sign', { keyId, scheme, input: input.toString('base64') });
    return Buffer.from(parameters.signature, 'base64');
  }

  async #login(ask: (client: Client) => Promise<AuthenticatorStep>): Promise<LoginReply> {
    const client = await this.#ready();
    if (client === undefined) return { name: 'unavailable' };
    try {
      return { name: 'stepped', step: await ask(client) };
    } catch (error) {
      const isLost = error instanceof VarlinkError && error.error === authenticatorErrors.UnknownContext;
      return isLost ? { name: 'contextLost' } : { name: 'unavailable' };
    }
  }

  async #ready(): Promise<Client | undefined> {
    if (this.#client !== undefined) return this.#client;
    const { promise, resolve } = Promise.withResolvers<Client | undefined>();
    this.#waiters.add(resolve);
    const timer = setTimeout(() => resolve(undefined), authenticatorHoldMs);
    const client = await promise;
    clearTimeout(timer);
    this.#waiters.delete(resolve);
    return client;
  }
}
