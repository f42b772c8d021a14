// The packet path of a worker: one thread that moves the packets of all its tunnels between tun devices and
// clients, over TLS (CSTP) and DTLS. TypeScript opens, steers and hears of the end; no packet passes here.
// CONTRACT: signatures below are what the worker is written against.
import type { TlsConnection } from './tls.ts';

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
  /** 0 = off. Client renegotiations sooner than half of it end the tunnel. */
  readonly rekeySeconds: number;
  readonly switchToTcpSeconds: number;
  readonly mtuDiscovery: boolean;
  /** Null when DTLS is not announced. */
  readonly dtls: null | {
    /** TLS-PSK suites in OpenSSL's names, joined by ":". */
    readonly cipherList: string;
  };
  /** Source addresses the client may use: its lease and iroutes, as address/prefix. */
  readonly allowedSources: readonly string[];
  readonly rxBytesPerSecond: number;
  readonly txBytesPerSecond: number;
  /** Socket send buffer of the TCP channel; 0 = system default. */
  readonly sendBufferBytes: number;
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
}

export interface TunnelCounters {
  readonly rxBytes: number;
  readonly txBytes: number;
  readonly rxPackets: number;
  readonly txPackets: number;
  readonly rxDropped: number;
  readonly txDropped: number;
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
export declare function startPacketThread(): PacketThread;
