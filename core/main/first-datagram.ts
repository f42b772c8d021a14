// What the first datagram of an unknown flow says. Where main looks at bytes of a client: fixed
// offsets, every one checked against the length. Called by datagrams.ts; fuzzed.
//
//   0 type 1 | 1 version 2 | 3 epoch 2 | 5 sequence 6 | 11 length 2 | 13 handshake type 1 | 14 length 3 |
//   17 message sequence 2 | 19 fragment offset 3 | 22 fragment length 3 | 25 client version 2 | 27 random 32 |
//   59 session id length 1 | 60 session id      (RFC 6347, 4.1 and 4.2.2)
// behind it: cookie<0..255>, suites<2..65534>, compression<1..255>, extensions<0..65535>

export type FirstDatagram =
  /** A ClientHello that names a tunnel by the id announced in the CONNECT answer (hex). */
  | { readonly kind: 'hello'; readonly id: string }
  /** Another record: perhaps of a known tunnel whose address changed. */
  | { readonly kind: 'record' }
  /** Nothing to do with it, and why. */
  | { readonly kind: 'noise'; readonly mistake: string };

const recordHeaderBytes = 13;
/** What the listener delivers at most: this many bytes are the beginning of something longer. */
const maxDatagramBytes = 4096;
/** Shorter ones cannot hold a ClientHello with an id. */
const minHelloBytes = 93;
const randomOffset = 27;
const sessionIdOffset = 59;
const maxIdBytes = 32;
/** Application id of openconnect's PSK mode (draft-mavrogiannopoulos-openconnect). */
const applicationIdExtension = 48_018;
const versions = new Set([0xfeff, 0xfefd, 0x0100]);

const noise = (mistake: string): FirstDatagram => ({ kind: 'noise', mistake });

/** allowBroken: also hellos whose random is all zero (GnuTLS 3.6.3 to 3.6.12). */
export function readFirstDatagram(bytes: Buffer, withPsk: boolean, allowBroken = false): FirstDatagram {
  if (bytes.length < recordHeaderBytes) return noise('too short for a DTLS record');
  if (bytes.length >= maxDatagramBytes) return noise('too long for a first datagram');
  if (!versions.has(bytes.readUInt16BE(1))) return noise('not DTLS');
  const type = bytes[0] ?? 0;
  if (type !== 22)
    return type >= 20 && type <= 26 ? { kind: 'record' } : noise('unknown type of DTLS record');
  // Epoch 0: a handshake record under keys is no first message.
  if (bytes.readUInt16BE(3) !== 0) return { kind: 'record' };
  if (bytes[recordHeaderBytes] !== 1) return noise('a handshake message that is no ClientHello');
  if (bytes.length < minHelloBytes) return noise('a ClientHello that is cut off');
  const random = bytes.subarray(randomOffset, sessionIdOffset);
  if (!allowBroken && random.every((byte) => byte === 0)) return noise('a ClientHello whose random is zero');
  const length = bytes[sessionIdOffset] ?? 0;
  const idEnd = sessionIdOffset + 1 + length;
  if (length > maxIdBytes || idEnd > bytes.length) {
    return noise('a ClientHello whose session id is too long');
  }
  const id =
    (withPsk ? applicationId(bytes, idEnd) : undefined) ?? bytes.subarray(sessionIdOffset + 1, idEnd);
  return id.length === 0
    ? noise('a ClientHello that names no session')
    : { kind: 'hello', id: id.toString('hex') };
}

/** Walks from the end of the session id to the extension; undefined when it is absent or anything is cut short. */
function applicationId(bytes: Buffer, start: number): Buffer | undefined {
  const cookieEnd = skip(bytes, start, 1);
  const suitesEnd = cookieEnd === undefined ? undefined : skip(bytes, cookieEnd, 2);
  const compressionEnd = suitesEnd === undefined ? undefined : skip(bytes, suitesEnd, 1);
  const end = compressionEnd === undefined ? undefined : skip(bytes, compressionEnd, 2);
  if (compressionEnd === undefined || end === undefined) return undefined;
  let at = compressionEnd + 2;
  while (at + 4 <= end) {
    const type = bytes.readUInt16BE(at);
    const bodyEnd = skip(bytes, at + 2, 2);
    if (bodyEnd === undefined || bodyEnd > end) return undefined;
    if (type === applicationIdExtension) {
      const idEnd = skip(bytes, at + 4, 1);
      if (idEnd !== bodyEnd) return undefined;
      const id = bytes.subarray(at + 5, idEnd);
      return id.length >= 1 && id.length <= maxIdBytes ? id : undefined;
    }
    at = bodyEnd;
  }
  return undefined;
}

/** End of a vector whose length field of `size` bytes stands at `at`; undefined beyond the datagram. */
function skip(bytes: Buffer, at: number, size: 1 | 2): number | undefined {
  if (at + size > bytes.length) return undefined;
  const end = at + size + bytes.readUIntBE(at, size);
  return end > bytes.length ? undefined : end;
}
