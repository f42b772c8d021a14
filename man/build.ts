// Writes the manual pages: man/NAME.SECTION from man/NAME.SECTION.md. Run by the build; a test compares.
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { toRoff } from './roff.ts';

export interface Page {
  readonly file: string;
  readonly text: string;
}

/** All pages, in memory. */
export function buildPages(folder: string = import.meta.dirname): Page[] {
  return globSync('*.md', { cwd: folder })
    .sort()
    .map((source) => ({
      file: path.join(folder, source.replace(/\.md$/, '')),
      text: toRoff(readFileSync(path.join(folder, source), 'utf8')),
    }));
}

if (process.argv[1] === import.meta.filename) {
  for (const { file, text } of buildPages()) writeFileSync(file, text);
}
