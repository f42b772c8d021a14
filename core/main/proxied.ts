// Connections that come through a front end, until their PROXY header has been read (listen-proxy-proto). It is read here
// and not by a worker, since the ticket is main's own statement of the client's address: a worker that was taken over
// must not be able to name one. Called by accept.ts.
import {
  closeDescriptor,
  previewSocket,
  type Descriptor,
  type Endpoint,
  type SocketPreview,
} from '../native/index.ts';
import { parseProxyHeader, proxyHeaderLimitBytes } from '../protocol/index.ts';
import type { Logger } from '../system/index.ts';
import { contains, formatAddress, parseAddress, parseNetwork } from './addresses.ts';

/** Of the C program. */
const headerDeadlineMs = 10_000;

export interface Proxied {
  /** Where it is from and where it went to, in the words of the front end; absent: of the front end itself. */
  readonly addresses: { readonly remote: Endpoint; readonly local: Endpoint } | undefined;
}

export class ProxiedConnections {
  readonly #log: Pick<Logger, 'info' | 'error'>;
  readonly #open = new Set<SocketPreview>();

  constructor(log: Pick<Logger, 'info' | 'error'>) {
    this.#log = log;
  }

  get size(): number {
    return this.#open.size;
  }

  /** Owns the descriptor until `onHeader` gets it back; a connection without a header is closed. */
  await(
    fd: Descriptor,
    peer: Endpoint,
    onHeader: (fd: Descriptor, proxied: Proxied) => void,
    deadlineMs = headerDeadlineMs,
  ): void {
    let earlier = Buffer.alloc(0);
    let preview: SocketPreview;
    try {
      preview = previewSocket(fd, proxyHeaderLimitBytes, (bytes) => take(bytes));
    } catch (error) {
      closeDescriptor(fd);
      this.#log.error(
        `cannot read a PROXY header: ${error instanceof Error ? error.message : String(error)}`,
      );
      return;
    }
    const settle = (): void => {
      clearTimeout(timer);
      this.#open.delete(preview);
    };
    const refuse = (reason: string): void => {
      settle();
      preview.close();
      this.#log.info(`rejected connection from ${shown(peer)}: ${reason}`);
    };
    const timer = setTimeout(
      () => refuse(`no PROXY header within ${String(deadlineMs / 1000)} s`),
      deadlineMs,
    );
    this.#open.add(preview);

    const take = (bytes: Buffer): void => {
      if (bytes.length === 0) {
        // A front end that looks whether somebody listens says nothing.
        if (earlier.length > 0) return refuse('the PROXY header ends in the middle');
        settle();
        preview.close();
        return;
      }
      const header = parseProxyHeader(Buffer.concat([earlier, bytes]));
      switch (header.kind) {
        case 'incomplete':
          preview.take(bytes.length);
          earlier = Buffer.concat([earlier, bytes]);
          return;
        case 'mistake':
          return refuse(header.text);
        case 'header': {
          preview.take(header.bytes - earlier.length);
          settle();
          const descriptor = preview.release();
          if (descriptor === undefined) return;
          const { addresses } = header;
          onHeader(descriptor, {
            addresses: addresses && {
              remote: canonical(addresses.source),
              local: canonical(addresses.destination),
            },
          });
        }
      }
    };
  }

  /** The server stops. */
  close(): void {
    for (const preview of this.#open) preview.close();
    this.#open.clear();
  }
}

/** `trusted`: of proxy-proto-trusted; none = everybody is believed. */
export function isTrusted(peer: Endpoint, trusted: readonly string[]): boolean {
  const address = parseAddress(peer.address);
  if (trusted.length === 0) return true;
  if (address === undefined) return false;
  return trusted.some((text) => {
    const network = parseNetwork(text, address.family === 4 ? 32 : 128);
    return network !== undefined && contains(network, address);
  });
}

/** One spelling per address, so that bans and sessions find it; IPv4 in IPv6 is IPv4. */
function canonical({ address, port }: Endpoint): Endpoint {
  const parsed = parseAddress(address);
  return parsed === undefined
    ? { address, port }
    : { address: formatAddress(parsed.family, parsed.value), port };
}

function shown({ address, port }: Endpoint): string {
  return address.includes(':') ? `[${address}]:${String(port)}` : `${address}:${String(port)}`;
}
