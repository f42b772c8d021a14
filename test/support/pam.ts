// PAM for one server of a test: services and accounts of its own under /etc/netns/NAME, which `ip netns exec` lays over
// /etc for the programs of that namespace alone. The machine's own are not touched.
import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { mustRun } from './command.ts';
import type { Namespace } from './namespace.ts';
import { root } from './site.ts';

export interface PamAccount {
  readonly name: string;
  readonly password: string;
  /** The first one is the primary group. */
  readonly groups: readonly string[];
  /** Day since 1970 on which the account expires. */
  readonly expiresOnDay?: number;
}

const FIRST_ID = 45_000;

export class PamSetup implements AsyncDisposable {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async create(namespace: Namespace, accounts: readonly PamAccount[]): Promise<PamSetup> {
    const setup = new PamSetup(`/etc/netns/${namespace.name}`);
    await mkdir(path.join(setup.#folder, 'pam.d'), { recursive: true });
    const groups = [...new Set(accounts.flatMap((account) => account.groups))];
    const idOf = (name: string): number => FIRST_ID + groups.indexOf(name);
    const extra: Record<'passwd' | 'shadow' | 'group', string[]> = { passwd: [], shadow: [], group: [] };
    for (const [index, account] of accounts.entries()) {
      const { name, password, expiresOnDay } = account;
      const hash = (await mustRun(['openssl', 'passwd', '-5', '-stdin'], { input: password })).trim();
      const primary = idOf(account.groups[0] ?? '');
      extra.passwd.push(`${name}:x:${FIRST_ID + index}:${primary}::/nonexistent:/usr/sbin/nologin`);
      extra.shadow.push(`${name}:${hash}:20000:0:99999:7::${expiresOnDay ?? ''}:`);
    }
    for (const name of groups) {
      const members = accounts.filter((account) => account.groups.slice(1).includes(name));
      extra.group.push(`${name}:x:${idOf(name)}:${members.map((account) => account.name).join(',')}`);
    }
    for (const [name, lines] of Object.entries(extra)) {
      const file = path.join(setup.#folder, name);
      await copyFile(path.join('/etc', name), file);
      const present = await readFile(file, 'utf8');
      const mode = name === 'shadow' ? 0o600 : 0o644;
      await writeFile(file, `${present}${lines.join('\n')}\n`, { mode });
    }
    return setup;
  }

  /** A service, before or while the server runs. */
  async write(service: string, lines: readonly string[]): Promise<void> {
    await writeFile(path.join(this.#folder, 'pam.d', service), `${lines.join('\n')}\n`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** Compiles the test's PAM module into `folder`; answers with its path. */
export async function buildPamModule(folder: string): Promise<string> {
  const file = path.join(folder, 'pam_fixture.so');
  const source = path.join(root, 'test/e2e/fixtures/pam-module.cpp');
  const flags = ['-std=c++20', '-shared', '-fPIC', '-Wall', '-Wextra', '-Werror'];
  await mustRun(['g++', ...flags, '-o', file, source, '-lcrypto', '-l:libpam.so.0']);
  return file;
}
