// What main, secmod and the workers need of Linux and Node does not offer: sockets with descriptors,
// tun devices, netlink, accounts, crypt(3), syslog, privileges and the sandbox.
// CONTRACT: signatures below are what the processes are written against.

/** A descriptor number. Whoever receives one from here owns it and closes it with `closeDescriptor`. */
export type Descriptor = number;

export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** A connected pair of stream Unix sockets (close-on-exec, non-blocking). */
export declare function socketPair(): [Descriptor, Descriptor];
export declare function closeDescriptor(fd: Descriptor): void;

/** Credentials of the process at the other end of a Unix socket (SO_PEERCRED). */
export declare function peerCredentials(fd: Descriptor): { pid: number; uid: number; gid: number };

/** A stream Unix socket whose messages may carry descriptors (SCM_RIGHTS). Owns its descriptor. */
export interface DescriptorStream {
  /** Queues bytes; descriptors are duplicated on send, the caller keeps its own. */
  write(bytes: Uint8Array, descriptors?: readonly Descriptor[]): void;
  /** Bytes queued and not yet taken by the kernel. */
  readonly writableLength: number;
  close(): void;
}
export interface DescriptorStreamEvents {
  onData(bytes: Buffer, descriptors: Descriptor[]): void;
  /** The other end closed, or an error ended the stream. Called once; not after close(). */
  onClose(error: Error | undefined): void;
}
export declare function openDescriptorStream(fd: Descriptor, events: DescriptorStreamEvents): DescriptorStream;

export interface TcpListener {
  readonly local: Endpoint;
  pause(): void;
  resume(): void;
  close(): void;
}
export interface TcpListenerOptions {
  /** Bind here, or take over `descriptor` (socket activation). */
  address?: string;
  port?: number;
  descriptor?: Descriptor;
  backlog?: number;
  onConnection(fd: Descriptor, remote: Endpoint, local: Endpoint): void;
}
/** Listens; IPv6 sockets are V6ONLY. Throws with `code` (EADDRINUSE …). */
export declare function listenTcp(options: TcpListenerOptions): TcpListener;

export interface UdpListener {
  readonly local: Endpoint;
  close(): void;
}
export interface UdpListenerOptions {
  address?: string;
  port?: number;
  descriptor?: Descriptor;
  /** One datagram of a flow that has no connected socket. `local` is the address it was sent to (PKTINFO). */
  onDatagram(datagram: Buffer, remote: Endpoint, local: Endpoint): void;
}
export declare function listenUdp(options: UdpListenerOptions): UdpListener;
/** A UDP socket bound to `local` (address reuse) and connected to `remote`, with large buffers, for a worker. */
export declare function connectUdp(local: Endpoint, remote: Endpoint): Descriptor;

export interface TunDevice {
  readonly fd: Descriptor;
  readonly name: string;
  readonly index: number;
  /** Opened with IFF_VNET_HDR and TUNSETOFFLOAD accepted. */
  readonly offload: boolean;
}
export interface TunOptions {
  /** Name prefix; the kernel appends a number ("vpns" becomes "vpns0"). */
  prefix: string;
  offload: boolean;
  ownerUid?: number;
  ownerGid?: number;
}
/** Creates a non-persistent tun device. It disappears with the last copy of its descriptor. */
export declare function openTun(options: TunOptions): TunDevice;
/** Addresses and MTU of a device over netlink, then link up. */
export declare function configureDevice(
  index: number,
  settings: {
    mtuBytes?: number;
    ipv4?: { local: string; peer: string };
    ipv6?: { local: string; peer: string; prefix: number };
    up?: boolean;
    txQueueLength?: number;
  },
): void;
export declare function removeDeviceAddresses(index: number): void;
/** Devices of this network namespace by name, with alias and kind, to find leftovers. */
export declare function listDevices(): { name: string; index: number; alias: string | undefined; isTun: boolean }[];
export declare function setDeviceAlias(index: number, alias: string): void;
export declare function deleteDevice(index: number): void;

export interface Account { name: string; uid: number; gid: number }
/** getpwnam_r / getgrnam_r; a decimal number is accepted as itself. Undefined when unknown. */
export declare function lookupUser(name: string): Account | undefined;
export declare function lookupGroup(name: string): { name: string; gid: number } | undefined;

/** crypt_r(3) of the system's libcrypt, off the event loop. Undefined when the setting is refused. */
export declare function cryptPassword(password: string, setting: string): Promise<string | undefined>;
/** A fresh setting for one of "$5$", "$6$", "$y$", "$2b$". */
export declare function cryptSetting(prefix: string, cost?: number): string;

export type SyslogSeverity = 'error' | 'warning' | 'notice' | 'info' | 'debug';
export declare function openSyslog(identity: string, facility: string): void;
export declare function writeSyslog(severity: SyslogSeverity, text: string): void;
/** sd_notify(3): sends `state` to $NOTIFY_SOCKET; false when there is none. */
export declare function notifySupervisor(state: string): boolean;

/** SIGTERM (or the given signal) for this process when its parent dies. */
export declare function dieWithParent(signal: 'SIGTERM' | 'SIGKILL'): void;
export interface SandboxOptions {
  uid: number;
  gid: number;
  chroot?: string;
  seccomp: boolean;
}
export interface SandboxReport {
  /** What could not be applied on this kernel, in words for the log. */
  missing: string[];
}
/**
 * Makes this process a worker for good: group, user, no capabilities, no_new_privs, not dumpable, seccomp
 * allow-list for all threads, Landlock where the kernel has it. Everything needed later must be loaded before.
 */
export declare function enterSandbox(options: SandboxOptions): SandboxReport;
export declare function setDumpable(dumpable: boolean): void;
export declare function raiseDescriptorLimit(count: number): void;
/** setsid(2) without forking, for the daemon's child. */
export declare function becomeSessionLeader(): void;
