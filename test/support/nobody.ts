// Runs a program of the suite as a user without rights. The suite may lie where only root can look, such as root's home,
// so it is shown in another place, to that program alone.
import path from 'node:path';
import { root } from './site.ts';

/** A command for run(). `place`: a folder that everybody may enter. `groups` by name, beside the primary one. */
export function asNobody(
  place: string,
  program: 'occtl' | 'ocpasswd',
  args: readonly string[],
  groups: readonly string[] = [],
): string[] {
  const suite = path.join(place, 'suite');
  const show = 'mkdir -p "$1" && mount --bind "$0" "$1" && shift && exec "$@"';
  return [
    ...['unshare', '--mount', 'sh', '-c', show, root, suite],
    ...['setpriv', '--reuid', '65534', '--regid', '65534'],
    ...(groups.length === 0 ? ['--clear-groups'] : ['--groups', groups.join(',')]),
    ...[path.join(suite, 'bin', program), ...args],
  ];
}
