// One request as bytes over a TLS connection of its own, and everything that comes back until the server ends it or, with
// `complete`, the answer is whole.
import type { Outpost } from './outpost.ts';

export interface RawRequest {
  readonly from: string;
  readonly bytes: string | Buffer;
  /** Enough has come: the client ends. */
  readonly complete?: (text: string) => boolean;
  readonly timeoutMs?: number;
}

export async function exchange(outpost: Outpost, request: RawRequest): Promise<string> {
  const socket = outpost.tls(request.from);
  const { promise, resolve } = Promise.withResolvers<string>();
  let text = '';
  const timer = setTimeout(() => resolve(`${text}[no end]`), request.timeoutMs ?? 5_000);
  socket.setEncoding('latin1').on('data', (part: string) => {
    text += part;
    if (request.complete?.(text) === true) resolve(text);
  });
  for (const event of ['end', 'close', 'error']) socket.on(event, () => resolve(text));
  socket.write(request.bytes);
  const answer = await promise;
  clearTimeout(timer);
  socket.destroy();
  return answer;
}

/** Head and as many bytes behind it as it announces. */
export function isWhole(text: string): boolean {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return false;
  const length = /^content-length: *(\d+)/im.exec(text.slice(0, end))?.[1];
  return text.length >= end + 4 + Number(length ?? 0);
}
