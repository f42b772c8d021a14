// The real OpenID provider beside a server of a test: in its namespace, on https://localhost:9443.
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { mustRun, until, type Running } from './command.ts';
import type { Namespace } from './namespace.ts';

const program = path.join(import.meta.dirname, 'open-id-server.ts');

export const vpnAudience = 'urn:vpn';

export class OpenId implements AsyncDisposable {
  readonly #folder: string;
  readonly #namespace: Namespace;
  #process: Running | undefined;

  private constructor(folder: string, namespace: Namespace) {
    this.#folder = folder;
    this.#namespace = namespace;
  }

  /** Makes its certificate and the file for `oidc[config=FOLDER/oidc.json]`, with `more` members, and starts it. */
  static async start(
    folder: string,
    namespace: Namespace,
    more: Readonly<Record<string, unknown>> = {},
  ): Promise<OpenId> {
    await mustRun([
      ...['openssl', 'req', '-x509', '-nodes', '-days', '30', '-subj', '/CN=localhost'],
      ...['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'],
      ...['-addext', 'subjectAltName=DNS:localhost', '-addext', 'basicConstraints=critical,CA:TRUE'],
      ...['-keyout', `${folder}/open-id-key.pem`, '-out', `${folder}/open-id-cert.pem`],
    ]);
    const file = {
      openid_configuration_url: 'https://localhost:9443/.well-known/openid-configuration',
      user_name_claim: 'preferred_username',
      required_claims: { aud: vpnAudience },
      ca_file: 'open-id-cert.pem',
      ...more,
    };
    await writeFile(path.join(folder, 'oidc.json'), JSON.stringify(file));
    const openId = new OpenId(folder, namespace);
    await openId.start();
    return openId;
  }

  /** With a new signing key. */
  async start(): Promise<void> {
    const running = this.#namespace.start([process.execPath, program, 'serve', this.#folder]);
    this.#process = running;
    await until('the OpenID provider to be ready', () => {
      if (running.hasEnded()) throw new Error(`the OpenID provider ended:\n${running.output()}`);
      return running.output().includes('ready');
    });
  }

  async stop(): Promise<void> {
    await this.#process?.stop('SIGTERM', 5_000);
    this.#process = undefined;
  }

  token(user: string, audience = vpnAudience): Promise<string> {
    return this.#namespace.mustRun([process.execPath, program, 'token', this.#folder, user, audience]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
