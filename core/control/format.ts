// How the control tool writes numbers, times and rows: the C tool's widths and units, which people's awk scripts and
// dashboards rely on. Used by the views.

/** `2026-11-23 19:04`, local time. Seconds since 1970. */
export function formatTime(seconds: number): string {
  const date = new Date(seconds * 1000);
  const two = (value: number): string => String(value).padStart(2, '0');
  return (
    `${String(date.getFullYear())}-${two(date.getMonth() + 1)}-${two(date.getDate())} ` +
    `${two(date.getHours())}:${two(date.getMinutes())}`
  );
}

/** Seven characters unless huge: ` 3days`, ` 3h:43m`, ` 1m:18s`, `    6s`; a negative one is a question mark. */
export function formatDuration(seconds: number): string {
  if (seconds < 0) return '   ?   ';
  const whole = Math.trunc(seconds);
  const pad = (value: number, width: number, fill = ' '): string => String(value).padStart(width, fill);
  if (whole >= 48 * 3600) return `${pad(Math.trunc(whole / 86_400), 2)}days`;
  if (whole >= 3600)
    return `${pad(Math.trunc(whole / 3600), 2)}h:${pad(Math.trunc((whole % 3600) / 60), 2, '0')}m`;
  if (whole > 60) return `${pad(Math.trunc(whole / 60), 2)}m:${pad(whole % 60, 2, '0')}s`;
  return `${pad(whole, 5)}s`;
}

/** `216 bytes`, `368.5 kB`, `1.2 MB`, `3.4 GB`: decimal units. */
export function formatBytes(bytes: number, suffix = ''): string {
  if (bytes <= 1000) return `${String(bytes)} bytes${suffix}`;
  if (bytes <= 1_000_000) return `${(bytes / 1000).toFixed(1)} kB${suffix}`;
  if (bytes <= 1_000_000_000) return `${(bytes / 1_000_000).toFixed(1)} MB${suffix}`;
  return `${(bytes / 1_000_000_000).toFixed(1)} GB${suffix}`;
}

export function formatRate(bytes: number, seconds: number): string {
  return formatBytes(Math.trunc(bytes / Math.max(1, seconds)), '/s');
}

/** Names come from the network: C0 and C1 control characters never reach a terminal. */
export function printable(text: string): string {
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '?');
}

/** Right-aligned columns, padded but never cut. */
export function row(widths: readonly number[], cells: readonly (string | number)[]): string {
  return cells.map((cell, index) => String(cell).padStart(widths[index] ?? 0)).join(' ');
}

/** One `<TAB>Name: value` line; lists go on with two TABs a line. Empty when there is no value. */
export function line(name: string, value: string | readonly string[] | undefined): string {
  const values = (typeof value === 'string' ? [value] : (value ?? [])).filter((text) => text !== '');
  if (values.length === 0) return '';
  return `\t${name}: ${values.map((text) => printable(text)).join('\n\t\t')}\n`;
}

/** Two or more values on one line, three blanks apart; values that are missing are left out. */
export function pairs(...given: readonly (readonly [string, string | undefined])[]): string {
  const present = given.filter((pair): pair is [string, string] => pair[1] !== undefined && pair[1] !== '');
  if (present.length === 0) return '';
  return `\t${present.map(([name, value]) => `${name}: ${printable(value)}`).join('   ')}\n`;
}

export type JsonObject = Record<string, unknown>;

/** The C tool leaves out members whose text is empty; lists stay, also empty ones. */
export function withoutEmpty(object: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(object).filter(([, value]) => value !== undefined && value !== ''),
  );
}

/** One JSON document, one member a line, so that grep works on it too. */
export function formatJson(document: unknown): string {
  return `${JSON.stringify(document, null, 2)}\n`;
}
