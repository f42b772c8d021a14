// Makes a folder with those above it, for the rooms that keep files. Node's own way (mkdir with `recursive`) never ends
// where the kernel answers "no such file" for a folder whose parent is there, as it does below /proc.
import { mkdirSync, statSync } from 'node:fs';
import path from 'node:path';

/** What is missing is made with `mode`; what is there stays as it is. Throws the system's error with its path. */
export function makeFolder(folder: string, mode: number): void {
  const missing: string[] = [];
  let place = path.resolve(folder);
  while (statSync(place, { throwIfNoEntry: false }) === undefined) {
    missing.push(place);
    place = path.dirname(place);
  }
  for (const one of missing.reverse()) {
    try {
      mkdirSync(one, { mode });
    } catch (error) {
      // Somebody else was faster.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}
