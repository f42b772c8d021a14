// The C server's tools as the other side of a comparison: those of the installed Debian package, or else unpacked from
// the package file, so that no service is started for it.
import { globSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { mustRun, run } from './command.ts';

export interface CProgram extends AsyncDisposable {
  readonly file: string;
}

export async function cOcpasswd(): Promise<CProgram> {
  const installed = '/usr/bin/ocpasswd';
  const { stderr } = await run([installed, '--version']).catch(() => ({ stderr: '' }));
  // Ours answers to the same name.
  if (stderr.includes('GNU General Public License'))
    return { file: installed, [Symbol.asyncDispose]: () => Promise.resolve() };
  const folder = await mkdtemp(path.join(tmpdir(), 'ocserv-c-program-'));
  await mustRun(['apt-get', '-qq', 'download', 'ocserv'], { cwd: folder });
  const [archive = ''] = globSync('*.deb', { cwd: folder });
  await mustRun(['dpkg-deb', '-x', archive, 'root'], { cwd: folder });
  return {
    file: path.join(folder, 'root/usr/bin/ocpasswd'),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}
