// Writes the documents that come from the option table. Run by hand after a change of a row
// (`node core/config/generate.ts`, then `node man/build.ts`); a test compares.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { manualPage } from './manual.ts';
import { sampleConfiguration } from './sample.ts';

const man = path.join(import.meta.dirname, '..', '..', 'man');

export const documents = [
  { file: path.join(man, 'ocserv.conf.sample'), text: sampleConfiguration() },
  { file: path.join(man, 'ocserv.conf.5.md'), text: manualPage() },
] as const;

if (import.meta.main) {
  for (const { file, text } of documents) writeFileSync(file, text);
}
