// Finds a program of the administrator's, such as nft. Called by the checks of the configuration and by main.
import { accessSync, constants } from 'node:fs';
import path from 'node:path';

/** Whatever PATH the server was started with. */
const programFolders = ['/usr/local/sbin', '/usr/sbin', '/sbin', '/usr/local/bin', '/usr/bin', '/bin'];

/** Its whole path; undefined when no folder has one that can be run. */
export function findProgram(name: string, folders: readonly string[] = programFolders): string | undefined {
  return folders
    .map((folder) => path.join(folder, name))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}
