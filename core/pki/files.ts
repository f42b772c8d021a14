// Writes the files of an authority: complete or not at all, with their mode from the first byte on, and never over
// something older without keeping it. Called by authority.ts.
import { randomBytes } from 'node:crypto';
import { lstatSync } from 'node:fs';
import { link, open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { makeFolder } from '../system/index.ts';

/** backup: an existing file is kept as NAME.bak-TIME. replace: it is simply replaced. */
type Existing = 'backup' | 'replace';

function exists(file: string): boolean {
  return lstatSync(file, { throwIfNoEntry: false }) !== undefined;
}

/** Temporary file beside the target (O_EXCL, final mode), fsync, rename. Folders are made 0700. */
export async function writeNewFile(
  file: string,
  data: string | Uint8Array,
  mode: number,
  existing: Existing,
  now: Date,
): Promise<void> {
  makeFolder(path.dirname(file), 0o700);
  const temporary = `${file}.${randomBytes(6).toString('hex')}.tmp`;
  const handle = await open(temporary, 'wx', mode);
  try {
    await handle.writeFile(data);
    await handle.sync();
  } catch (error) {
    await rm(temporary, { force: true });
    // What fails in the middle of writing (a full disk) does not say where.
    throw Object.assign(error as Error, { path: file });
  } finally {
    await handle.close();
  }
  if (existing === 'backup' && exists(file)) {
    await link(file, `${file}.bak-${now.toISOString().replaceAll(/[:.]/g, '')}`);
  }
  await rename(temporary, file);
}
