// The groups of this machine, of directories too: asked in a helper process (core/native/pam.ts), so that a name service
// that hangs delays only who asked. Called by pam.ts and gssapi.ts.
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { PamTask } from '../../native/index.ts';
import type { StartPam } from './pam.ts';

export interface SystemGroupsOptions {
  /** In front of log texts, e.g. "pam-auth". */
  readonly title: string;
  /** Groups with a lower id are left out of auto-select-group. */
  readonly lowestGid: number;
  readonly startPam: StartPam;
  readonly clock: Clock;
  readonly log: Log;
}

const LIMIT_MS = 10_000;
const KEPT_MS = 60_000;

/** For auto-select-group. They change rarely, and the form that shows them may be asked for by anybody. */
export function cachedGroups(options: SystemGroupsOptions): () => Promise<readonly string[]> {
  const { lowestGid, clock, log, title } = options;
  let known: { readonly at: number; readonly groups: Promise<readonly string[]> } | undefined;

  async function list(): Promise<readonly string[]> {
    const answer = await ask(options, { kind: 'groups', lowestGid });
    if ('problem' in answer) log.error(`${title}: the system's groups cannot be listed: ${answer.problem}`);
    return 'groups' in answer ? answer.groups : [];
  }

  return () => {
    if (known === undefined || clock.now() - known.at >= KEPT_MS) known = { at: clock.now(), groups: list() };
    return known.groups;
  };
}

/** Those of a user, the primary group first; none for a name that the system does not know. */
export function groupsOfUser(
  options: Pick<SystemGroupsOptions, 'startPam' | 'clock'>,
  user: string,
): Promise<Answer> {
  return ask(options, { kind: 'userGroups', user });
}

type Answer = { readonly groups: readonly string[] } | { readonly problem: string };

function ask(
  { startPam, clock }: Pick<SystemGroupsOptions, 'startPam' | 'clock'>,
  task: PamTask,
): Promise<Answer> {
  const { promise, resolve } = Promise.withResolvers<Answer>();
  const process = startPam(task, (report) => {
    if (report.kind === 'lost') resolve({ problem: report.reason });
    if (report.kind === 'end') resolve({ groups: report.groups });
  });
  const cancel = clock.after(LIMIT_MS, () => {
    process.close();
    resolve({ problem: 'no answer in time' });
  });
  return promise.finally(cancel);
}
