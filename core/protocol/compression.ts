// Which compression client and server agree on, for each channel apart. Called by the worker at CONNECT; pure.

export const compressionNames = ['oc-lz4', 'lzs'] as const;
export type CompressionName = (typeof compressionNames)[number];

/** Higher wins; of compression-algo-priority. */
export type CompressionPriorities = Readonly<Record<CompressionName, number>>;

export const compressionDefaults: CompressionPriorities = { 'oc-lz4': 90, lzs: 80 };

/** `accepted`: X-CSTP-Accept-Encoding or X-DTLS-Accept-Encoding, a list with commas. Undefined: none in common. */
export function chooseCompression(
  accepted: string | undefined,
  priorities: CompressionPriorities,
): CompressionName | undefined {
  const words = (accepted ?? '').split(',').map((word) => word.trim().toLowerCase());
  return compressionNames
    .filter((name) => words.includes(name) && priorities[name] > 0)
    .sort((one, other) => priorities[other] - priorities[one])[0];
}

/** A line of compression-algo-priority, "NAME:PRIORITY"; undefined if it is none. */
export function parseCompressionPriority(
  text: string,
): { readonly name: CompressionName; readonly priority: number } | undefined {
  const [word = '', number = ''] = text.split(':');
  const name = compressionNames.find((known) => known === word.trim().toLowerCase());
  const priority = /^\s*\d{1,9}\s*$/.test(number) ? Number(number) : 0;
  return name === undefined || priority === 0 ? undefined : { name, priority };
}
