// The packet path of a worker: one thread that moves the packets of all its tunnels between tun devices and
// clients, over TLS (CSTP) and DTLS. TypeScript opens, steers and hears of the end; no packet passes here.
// Here options are checked and named; the native side (binding/tunnel.cpp) trusts what it is given.
import { isIP } from 'node:net';

import { addon } from './addon.ts';
import { closeDescriptor } from './system.ts';
import type { TlsConnection } from './tls.ts';

/** As the headers of CONNECT name it. */
export type Compression = 'lzs' | 'oc-lz4';

export interface TunnelOptions {
  /** Inner IP packet limit agreed with the client. */
  readonly tunnelMtuBytes: number;
  /** Outer path MTU announced (X-CSTP-Base-MTU). */
  readonly linkMtuBytes: number;
  readonly outerIpv6: boolean;
  /** The tun descriptor has a virtio network header. */
  readonly tunOffload: boolean;
  /** 0 = off. Liveness: probe after 2x silence, end after 3x. */
  readonly dpdSeconds: number;
  /** 0 = off. */
  readonly idleTimeoutSeconds: number;
  /** Seconds from now until the session's end; 0 = never. */
  readonly remainingSeconds: number;
  /**
   * 0 = off. Key updates of TLS 1.3 are taken at any time; a TLS 1.2 renegotiation is refused (no_renegotiation):
   * announce `new-tunnel` as rekey method to such clients.
   */
  readonly rekeySeconds: number;
  readonly switchToTcpSeconds: number;
  readonly mtuDiscovery: boolean;
  /** Null when DTLS is not announced. */
  readonly dtls: null | {
    /** TLS-PSK suites in OpenSSL's names, joined by ":"; or the one of `resumed`. */
    readonly cipherList: string;
    /** The session that the client pretends to resume: id of 32 bytes, master secret of 48. Absent: PSK. */
    readonly resumed?: { readonly id: Uint8Array; readonly masterSecret: Uint8Array };
  };
  /** Source addresses the client may use: its lease and iroutes, as address/prefix. */
  readonly allowedSources: readonly string[];
  readonly rxBytesPerSecond: number;
  readonly txBytesPerSecond: number;
  /** Socket send buffer of the TCP channel; 0 = system default. */
  readonly sendBufferBytes: number;
  /** Agreed for each channel, both ways. */
  readonly cstpCompression: Compression | undefined;
  readonly dtlsCompression: Compression | undefined;
  /** Packets no longer than this are sent as they are. */
  readonly noCompressBytes: number;
  readonly priority: { readonly socketPriority?: number; readonly tos?: number };
}

export type TunnelEnd =
  | 'userDisconnect'
  | 'temporary'
  | 'serverDisconnect'
  | 'idleTimeout'
  | 'dpdTimeout'
  | 'sessionTimeout'
  | 'error';

export interface TunnelEvents {
  /** The tunnel is gone, its descriptors closed. Called once, also after close(). */
  onEnd(reason: TunnelEnd, detail: string): void;
  /** DTLS came up (GnuTLS-style description) or went away. */
  onDtls(description: string | undefined): void;
  /** The data MTU changed; the tun device must follow (main does it). */
  onMtu(tunnelMtuBytes: number): void;
  /**
   * The client, or somebody in its place, sent what it must not; the tunnel goes on. For the log: a mistake that is made
   * again and again comes a few times, then as a sum. May quote a few bytes, in hexadecimal.
   */
  onMistake(text: string): void;
}

export interface TunnelCounters {
  readonly rxBytes: number;
  readonly txBytes: number;
  readonly rxPackets: number;
  readonly txPackets: number;
  readonly rxDropped: number;
  readonly txDropped: number;
  /** DTLS records of the client that did not arrive. */
  readonly rxLost: number;
  /** Of the TLS connection; 0 = unknown. */
  readonly roundTripMicros: number;
}

export interface Tunnel {
  /** Read from shared memory, no call into the thread. */
  readonly counters: TunnelCounters;
  /**
   * A UDP socket connected to the peer, with its first datagram. hello: starts a DTLS handshake beside the
   * active association. Otherwise the record must authenticate; resolves false (socket closed) if it does not.
   */
  attachDatagram(fd: number, datagram: Uint8Array, hello: boolean): Promise<boolean>;
  /** Does this record authenticate under the current DTLS keys? */
  probeDatagram(datagram: Uint8Array): Promise<boolean>;
  /** notify: send a CSTP disconnect first. Ends with onEnd('serverDisconnect'). */
  close(notify: boolean): void;
}

export interface PacketThread {
  /**
   * Takes the TLS connection (which is unusable afterwards) and the tun descriptor. Bytes already written to
   * the connection go out first; bytes the client sent after its CONNECT request are passed as `early`.
   */
  openTunnel(
    connection: TlsConnection,
    tunFd: number,
    early: Uint8Array,
    options: TunnelOptions,
    events: TunnelEvents,
  ): Tunnel;
  close(): void;
}

interface NativeOptions extends Omit<TunnelOptions, 'dtls' | 'priority'> {
  readonly dtlsCipherList: string | undefined;
  readonly dtlsSessionId: Uint8Array | undefined;
  readonly dtlsMasterSecret: Uint8Array | undefined;
  readonly socketPriority: number | undefined;
  readonly tos: number | undefined;
}

interface NativeThread {
  openTunnel(
    id: number,
    connection: TlsConnection,
    tunFd: number,
    early: Uint8Array,
    options: NativeOptions,
  ): ArrayBuffer | undefined;
  attachDatagram(id: number, request: number, fd: number, datagram: Uint8Array, hello: boolean): void;
  probeDatagram(id: number, request: number, datagram: Uint8Array): void;
  closeTunnel(id: number, notify: boolean): void;
  close(): void;
}

type NativeListener = (kind: string, id: number, value: number, text: string) => void;

interface NativeAddon {
  readonly PacketThreadHandle: new (listener: NativeListener, disabledFeatures: string) => NativeThread;
  probePacketFeatures(): Record<'udp-gso' | 'udp-gro', boolean>;
}

/**
 * Switches for support cases and tests: each names a trick of the packet path not to be used. `tun-offload` is a matter
 * of how the devices are opened; the thread goes by each tunnel's options.
 */
export type PacketFeature =
  | 'tun-offload'
  | 'udp-gso'
  | 'udp-gro'
  | 'mmsg'
  | 'coalesce'
  | 'coalesce-udp'
  | 'ack-thinning'
  | 'moderation';

/** Which of the tricks that need a probe this kernel has. */
export function probePacketFeatures(): Readonly<Record<'udp-gso' | 'udp-gro', boolean>> {
  return (addon as NativeAddon).probePacketFeatures();
}

const ends: ReadonlySet<string> = new Set<TunnelEnd>([
  'userDisconnect',
  'temporary',
  'serverDisconnect',
  'idleTimeout',
  'dpdTimeout',
  'sessionTimeout',
  'error',
]);

// Slots of the shared counters, in the order of core/native/src/tunnel/options.h.
const slots = {
  ...{ rxBytes: 0, txBytes: 1, rxPackets: 2, txPackets: 3, rxDropped: 4, txDropped: 5 },
  ...{ rxLost: 6, roundTripMicros: 7 },
} as const;

const maxSeconds = 0x7fffffff;

function checkInteger(name: string, value: number, least: number, most: number): number {
  if (!Number.isSafeInteger(value) || value < least || value > most) {
    throw new RangeError(
      `${name}: expected an integer from ${String(least)} to ${String(most)}, got ${String(value)}`,
    );
  }
  return value;
}

function checkNetwork(network: string): string {
  const [address = '', prefix, ...rest] = network.split('/');
  const family = isIP(address);
  const bits = family === 6 ? 128 : 32;
  if (
    family === 0 ||
    rest.length > 0 ||
    (prefix !== undefined && !/^\d{1,3}$/.test(prefix)) ||
    Number(prefix ?? 0) > bits
  ) {
    throw new RangeError(`allowedSources: expected address/prefix, got "${network}"`);
  }
  return network;
}

function checkOptions(options: TunnelOptions): NativeOptions {
  const { dtls, priority, ...rest } = options;
  checkInteger('tunnelMtuBytes', options.tunnelMtuBytes, 68, 16376);
  checkInteger('linkMtuBytes', options.linkMtuBytes, 68, 65535);
  checkInteger('dpdSeconds', options.dpdSeconds, 0, maxSeconds);
  checkInteger('idleTimeoutSeconds', options.idleTimeoutSeconds, 0, maxSeconds);
  checkInteger('remainingSeconds', options.remainingSeconds, 0, maxSeconds);
  checkInteger('rekeySeconds', options.rekeySeconds, 0, maxSeconds);
  checkInteger('switchToTcpSeconds', options.switchToTcpSeconds, 0, maxSeconds);
  checkInteger('rxBytesPerSecond', options.rxBytesPerSecond, 0, 2 ** 50);
  checkInteger('txBytesPerSecond', options.txBytesPerSecond, 0, 2 ** 50);
  checkInteger('noCompressBytes', options.noCompressBytes, 0, maxSeconds);
  checkInteger('sendBufferBytes', options.sendBufferBytes, 0, maxSeconds);
  const resumed = dtls?.resumed;
  if (resumed !== undefined && (resumed.id.length !== 32 || resumed.masterSecret.length !== 48)) {
    throw new RangeError('resumed: expected an id of 32 bytes and a master secret of 48');
  }
  return {
    ...rest,
    allowedSources: options.allowedSources.map(checkNetwork),
    dtlsCipherList: dtls?.cipherList,
    dtlsSessionId: resumed?.id,
    dtlsMasterSecret: resumed?.masterSecret,
    socketPriority: priority.socketPriority,
    tos: priority.tos,
  };
}

class SharedCounters implements TunnelCounters {
  readonly #slots: BigUint64Array;
  constructor(memory: ArrayBuffer) {
    this.#slots = new BigUint64Array(memory);
  }
  #read(slot: number): number {
    return Number(this.#slots[slot] ?? 0n);
  }
  get rxBytes(): number {
    return this.#read(slots.rxBytes);
  }
  get txBytes(): number {
    return this.#read(slots.txBytes);
  }
  get rxPackets(): number {
    return this.#read(slots.rxPackets);
  }
  get txPackets(): number {
    return this.#read(slots.txPackets);
  }
  get rxDropped(): number {
    return this.#read(slots.rxDropped);
  }
  get txDropped(): number {
    return this.#read(slots.txDropped);
  }
  get rxLost(): number {
    return this.#read(slots.rxLost);
  }
  get roundTripMicros(): number {
    return this.#read(slots.roundTripMicros);
  }
}

/** Starts a packet thread; a worker has one. */
export function startPacketThread(disabledFeatures: readonly PacketFeature[] = []): PacketThread {
  const tunnels = new Map<number, TunnelEvents>();
  const answers = new Map<number, (accepted: boolean) => void>();
  let lastId = 0;
  let isClosed = false;

  const onEvent: NativeListener = (kind, id, value, text) => {
    if (kind === 'answer') {
      answers.get(id)?.(value === 1);
      answers.delete(id);
      return;
    }
    const events = tunnels.get(id);
    if (events === undefined) return;
    if (kind === 'dtls') events.onDtls(text === '' ? undefined : text);
    else if (kind === 'mtu') events.onMtu(value);
    else if (kind === 'mistake') events.onMistake(text);
    else if (ends.has(kind)) {
      tunnels.delete(id);
      events.onEnd(kind as TunnelEnd, text);
    }
  };
  const native = new (addon as NativeAddon).PacketThreadHandle(onEvent, disabledFeatures.join(','));

  function ask(send: (request: number) => void): Promise<boolean> {
    if (isClosed) return Promise.resolve(false);
    const request = ++lastId;
    return new Promise((resolve) => {
      answers.set(request, resolve);
      send(request);
    });
  }

  return {
    openTunnel(connection, tunFd, early, options, events) {
      const checked = checkOptions(options);
      checkInteger('tunFd', tunFd, 0, maxSeconds);
      const id = ++lastId;
      const memory = isClosed ? undefined : native.openTunnel(id, connection, tunFd, early, checked);
      if (memory === undefined) throw new Error('the TLS connection is closed already');
      tunnels.set(id, events);
      return {
        counters: new SharedCounters(memory),
        attachDatagram(fd, datagram, hello) {
          checkInteger('fd', fd, 0, maxSeconds);
          if (isClosed) {
            closeDescriptor(fd);
            return Promise.resolve(false);
          }
          return ask((request) => {
            native.attachDatagram(id, request, fd, datagram, hello);
          });
        },
        probeDatagram(datagram) {
          return ask((request) => {
            native.probeDatagram(id, request, datagram);
          });
        },
        close(notify) {
          if (!isClosed) native.closeTunnel(id, notify);
        },
      };
    },
    close() {
      if (isClosed) return;
      isClosed = true;
      native.close();
      for (const resolve of answers.values()) resolve(false);
      answers.clear();
    },
  };
}
