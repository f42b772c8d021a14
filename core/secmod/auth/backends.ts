// The back ends of a host's methods: which methods this release has, and how one is made from its line in the
// configuration. Called by security-module.ts at start and for hosts that a reload adds.
import { takesSettingsFromRadius, type AuthMethod, type VirtualHost } from '../../config/index.ts';
import { DEFAULT_WINDOW_STEPS, type CryptFunction, type TryLock } from '../../passwd/index.ts';
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import { oidcProblems } from '../oidc/index.ts';
import { openRadiusSite, radiusProblems } from '../radius/index.ts';
import type { Backend } from './backend.ts';
import { openOidc } from './oidc.ts';
import { gssapiBackend, type AcquireGssapi } from './gssapi.ts';
import { otpChecker } from './otp.ts';
import { pamBackend, type StartPam } from './pam.ts';
import { plainBackend } from './plain.ts';
import { radiusBackend } from './radius.ts';

const DEFAULT_PAM_SERVICE = 'ocserv';

export type Backends = ReadonlyMap<Backend['name'], Backend>;

export interface BackendOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly crypt: CryptFunction;
  readonly makeSetting: (prefix: string, cost?: number) => string;
  readonly tryLock: TryLock;
  readonly startPam: StartPam;
  readonly acquireGssapi: AcquireGssapi;
  /** Why PAM cannot be used here; undefined when it can. */
  readonly pamProblem: () => string | undefined;
}

/** Undefined for `certificate`, which has none. Throws an Error with the text for the log when a file cannot be used. */
export function makeBackend(
  method: AuthMethod,
  options: BackendOptions,
  suppliesSettings: boolean,
): Backend | undefined {
  switch (method.name) {
    case 'plain':
      return makePlain(method.options, options);
    case 'pam':
      return pamBackend({
        ...options,
        service: method.options['service'] ?? DEFAULT_PAM_SERVICE,
        lowestGid: Number(method.options['gid-min'] ?? 0),
      });
    case 'radius': {
      const { log } = options;
      return radiusBackend({ ...openRadiusSite(method, 'auth', log), log, suppliesSettings });
    }
    case 'oidc':
      return openOidc(method, options);
    case 'gssapi': {
      const { keytab, 'tgt-freshness-time': freshness, 'require-local-user-map': map } = method.options;
      return gssapiBackend({
        ...options,
        keytab: keytab === '' ? undefined : keytab,
        requiresLocalUser: !/^(false|no)$/i.test(map ?? ''),
        freshnessSeconds: freshness === undefined ? undefined : Number(freshness),
        lowestGid: Number(method.options['gid-min'] ?? 0),
      });
    }
    default:
      return undefined;
  }
}

function makePlain(given: AuthMethod['options'], options: BackendOptions): Backend {
  const { passwd, otp, 'otp-window': window } = given;
  const { log, tryLock, clock } = options;
  const windowSteps = window === undefined ? DEFAULT_WINDOW_STEPS : Number(window);
  return plainBackend({
    ...options,
    passwordFile: passwd === '' ? undefined : passwd,
    checkOtp:
      otp === undefined || otp === ''
        ? undefined
        : otpChecker({ file: otp, windowSteps, tryLock, log, now: () => clock.now() }),
  });
}

/** All of a host, by name. Methods never change at a reload, so a host keeps its `former` back ends and what they hold. */
export function makeBackends(
  settings: VirtualHost['settings'],
  options: BackendOptions,
  former: Backends | undefined,
): Backends {
  const backends = new Map(former);
  for (const method of [...settings.auth, ...settings['enable-auth']]) {
    if (former !== undefined || method.name === 'certificate') continue;
    const backend = makeBackend(method, options, takesSettingsFromRadius(settings));
    if (backend !== undefined) backends.set(backend.name, backend);
  }
  return backends;
}

/** What stands in the way of the hosts' methods. libpam is looked for only where somebody asks for it. */
export function methodProblems(
  hosts: readonly VirtualHost[],
  { pamProblem }: Pick<BackendOptions, 'pamProblem'>,
): string[] {
  const needsPam = hosts.some(({ settings }) =>
    [...settings.auth, ...settings['enable-auth'], settings.acct].some((method) => method?.name === 'pam'),
  );
  const problem = needsPam ? pamProblem() : undefined;
  return [...(problem === undefined ? [] : [problem]), ...hosts.flatMap(hostProblems)];
}

function hostProblems(host: VirtualHost): string[] {
  const where = host.name === undefined ? '' : `vhost:${host.name}: `;
  if (host.settings.auth.length === 0)
    return [`${where}no authentication method; expected "auth = plain[passwd=FILE]"`];
  const { acct } = host.settings;
  const accounting = acct?.name === 'radius' ? radiusProblems(acct, 'acct') : [];
  const problems = [...host.settings.auth, ...host.settings['enable-auth']].flatMap((method) => {
    if (['certificate', 'pam', 'gssapi'].includes(method.name)) return [];
    if (method.name === 'radius') {
      return radiusProblems(method, 'auth').map((problem) => `${where}${problem}`);
    }
    if (method.name === 'oidc') return oidcProblems(method).map((problem) => `${where}${problem}`);
    return !method.options['passwd'] && !method.options['otp']
      ? [`${where}plain: no password file; expected passwd=FILE or otp=FILE`]
      : [];
  });
  return [...problems, ...accounting.map((problem) => `${where}${problem}`)];
}
