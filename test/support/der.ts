// DER written for tests, apart from the code under test.

/** An element of up to 16 MiB: tag, definite length in as few bytes as it needs, contents. */
export function element(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(contents);
  const { length } = content;
  const bytes = [length >> 16, (length >> 8) & 0xff, length & 0xff];
  const used = length < 0x100 ? 1 : length < 0x10000 ? 2 : 3;
  const lengthBytes = length < 0x80 ? [length] : [0x80 | used, ...bytes.slice(3 - used)];
  return Buffer.concat([Buffer.from([tag, ...lengthBytes]), content]);
}
