// How a diagnostic reads, and the collector that the stages of loading share.
import type { Diagnostic } from './types.ts';

/** `error: FILE:LINE:COLUMN: vhost:NAME: option: text; hint`; notes begin with their text, as tools look for it. */
export function formatDiagnostic(diagnostic: Diagnostic): string {
  const { severity, line, column, vhost, option, text, hint } = diagnostic;
  const place = [diagnostic.file, line, line === undefined ? undefined : column]
    .filter((part) => part !== undefined)
    .join(':');
  const host = vhost === undefined ? '' : `vhost:${printable(vhost)}: `;
  const tail = hint === undefined ? '' : `; ${printable(hint)}`;
  if (severity === 'note') {
    const where = line === undefined ? '' : ` (${printable(place)})`;
    return `note: ${host}${printable(text)}${tail}${where}`;
  }
  const subject = option === undefined ? '' : `${printable(option)}: `;
  return `${severity}: ${printable(place)}: ${host}${subject}${printable(text)}${tail}`;
}

/** A value of the file for a message: bounded and quoted. */
export function quoteValue(value: string): string {
  return `"${value.length > 80 ? `${value.slice(0, 80)}…` : value}"`;
}

function printable(text: string): string {
  return text.replace(
    /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
