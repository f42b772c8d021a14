// Client certificates for the tests, in the folder of a site: an authority and users by our own occert, and what occert
// does not make (other kinds of keys, other purposes and dates, strangers of the same name) by GnuTLS's certtool.
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { mustRun } from './command.ts';
import { root } from './site.ts';

/** For `cert-user-oid` and `cert-group-oid`, as occert writes them. */
export const userOid = '0.9.2342.19200300.100.1.1';
export const groupOid = '2.5.4.11';

export interface Identity {
  readonly certificate: string;
  readonly key: string;
}

/** Arguments for openconnect. */
export function presenting({ certificate, key }: Identity): string[] {
  return ['--no-dtls', '--certificate', certificate, '--sslkey', key];
}

export interface CerttoolUser {
  /** Default: "rsa". */
  readonly keyType?: 'rsa' | 'ecdsa' | 'ed25519' | 'rsa-pss';
  /** Lines of a certtool template besides the user's name. */
  readonly template?: readonly string[];
  readonly issuer?: Identity;
}

export class Pki {
  readonly folder: string;

  /** `folder` is that of the site; the authority's is "pki" in it. */
  constructor(folder: string) {
    this.folder = path.join(folder, 'pki');
  }

  get authority(): Identity {
    return { certificate: `${this.folder}/ca/ca.pem`, key: `${this.folder}/ca/ca-key.pem` };
  }

  /** Written by makeAuthority, empty until a list is made with revoke(). */
  get revocationList(): string {
    return `${this.folder}/ca/crl.pem`;
  }

  async makeAuthority(...flags: readonly string[]): Promise<void> {
    await this.occert('ca', '--cn', 'Test CA', ...flags);
  }

  occert(...args: readonly string[]): Promise<string> {
    return mustRun([path.join(root, 'bin/occert'), ...args, '--dir', this.folder]);
  }

  async occertUser(name: string, ...flags: readonly string[]): Promise<Identity> {
    await this.occert('client', name, ...flags);
    return {
      certificate: `${this.folder}/clients/${name}/cert.pem`,
      key: `${this.folder}/clients/${name}/key.pem`,
    };
  }

  /** Arguments for openconnect: a user's PKCS#12 by occert. */
  async occertPkcs12(name: string, password: string, profile = 'modern'): Promise<string[]> {
    const file = `${this.folder}/${name}.password`;
    await writeFile(file, `${password}\n`, { mode: 0o600 });
    await this.occert('client', name, '--p12', '--password-file', file, '--profile', profile);
    return ['--certificate', `${this.folder}/clients/${name}/${name}.p12`, '--key-password', password];
  }

  /** Another authority that says it is ours. */
  async makeImpostor(): Promise<Identity> {
    const impostor = await this.#makeKey('impostor', 'rsa');
    const template = await this.#template('impostor', ['cn = "Test CA"', 'ca', 'cert_signing_key']);
    await mustRun([
      ...['certtool', '--generate-self-signed', '--load-privkey', impostor.key],
      ...['--template', template, '--outfile', impostor.certificate],
    ]);
    return impostor;
  }

  /** An authority under the real one. */
  async makeIntermediate(): Promise<Identity> {
    const intermediate = await this.#makeKey('intermediate', 'ecdsa');
    const lines = ['cn = "Test Intermediate CA"', 'ca', 'cert_signing_key', 'expiration_days = 30'];
    await mustRun([
      ...['certtool', '--generate-certificate', '--load-privkey', intermediate.key],
      ...['--template', await this.#template('intermediate', lines)],
      ...['--load-ca-certificate', this.authority.certificate, '--load-ca-privkey', this.authority.key],
      ...['--outfile', intermediate.certificate],
    ]);
    return intermediate;
  }

  async certtoolUser(file: string, user: string, options: CerttoolUser = {}): Promise<Identity> {
    const {
      keyType = 'rsa',
      template: lines = ['tls_www_client', 'signing_key'],
      issuer = this.authority,
    } = options;
    const identity = await this.#makeKey(file, keyType);
    const dated = lines.some((line) => line.startsWith('expiration')) ? [] : ['expiration_days = 30'];
    const template = await this.#template(file, [`cn = "${user}"`, `uid = "${user}"`, ...dated, ...lines]);
    await mustRun([
      ...['certtool', '--generate-certificate', '--load-privkey', identity.key, '--template', template],
      ...['--load-ca-certificate', issuer.certificate, '--load-ca-privkey', issuer.key],
      ...['--outfile', identity.certificate],
    ]);
    return identity;
  }

  /** A list of the authority in the file of `revocationList`; `lines` of a certtool template say when it counts. */
  async revoke(
    identities: readonly Identity[],
    lines = ['crl_next_update = 30'],
    form: 'pem' | 'der' = 'pem',
  ) {
    const template = await this.#template('crl', ['crl_number = 7', ...lines]);
    await mustRun([
      ...['certtool', '--generate-crl', '--template', template, '--outfile', this.revocationList],
      ...['--load-ca-certificate', this.authority.certificate, '--load-ca-privkey', this.authority.key],
      ...identities.flatMap(({ certificate }) => ['--load-certificate', certificate]),
      ...(form === 'der' ? ['--outder'] : []),
    ]);
  }

  async #makeKey(file: string, keyType: string): Promise<Identity> {
    const key = `${this.folder}/${file}-key.pem`;
    const bits = keyType.startsWith('rsa') ? ['--bits', '2048'] : [];
    const command = [
      'certtool',
      '--generate-privkey',
      '--pkcs8',
      '--password',
      '',
      '--key-type',
      keyType,
      ...bits,
    ];
    await mustRun([...command, '--outfile', key]);
    return { certificate: `${this.folder}/${file}.pem`, key };
  }

  async #template(file: string, lines: readonly string[]): Promise<string> {
    const template = `${this.folder}/${file}.cfg`;
    await writeFile(template, `${lines.join('\n')}\n`);
    return template;
  }
}
