// What main, secmod and the workers need of Linux and Node does not offer: sockets with descriptors, tun devices,
// netlink, accounts, crypt(3), syslog, privileges. Checks arguments; the addon trusts what it is given.
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import process from 'node:process';
import { addon } from './addon.ts';

/** A descriptor number. Whoever receives one from here owns it and closes it with `closeDescriptor`. */
export type Descriptor = number;

export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

interface RawStream {
  write(bytes: Uint8Array, descriptors: readonly number[]): void;
  readonly writableLength: number;
  close(): void;
}
interface RawListener {
  pause(): void;
  resume(): void;
  close(): void;
}
interface RawSystem {
  DescriptorStream: new (
    fd: number,
    onData: (bytes: Buffer, descriptors: number[]) => void,
    onClose: (error: Error | undefined) => void,
  ) => RawStream;
  TcpListener: new (
    fd: number,
    onConnection: (fd: number, remote: Endpoint, local: Endpoint) => void,
  ) => RawListener;
  UdpListener: new (
    fd: number,
    onDatagram: (datagram: Buffer, remote: Endpoint, local: Endpoint) => void,
  ) => { close(): void };
  SocketPreview: new (
    fd: number,
    limitBytes: number,
    onBytes: (bytes: Buffer) => void,
  ) => { take(count: number): void; release(): number; close(): void };
  bindTcp(address: string, port: number, backlog: number): number;
  bindUdp(address: string, port: number): number;
  connectUdp(localAddress: string, localPort: number, remoteAddress: string, remotePort: number): number;
  socketPair(): [number, number];
  closeDescriptor(fd: number): void;
  localEndpoint(fd: number): Endpoint;
  peerCredentials(fd: number): PeerCredentials;
  socketKind(fd: number): SocketKind;
  inNamespace(fd: number, act: () => void): void;
  openTun(prefix: string, offload: boolean, uid: number, gid: number): TunDevice;
  configureDevice(index: number, settings: DeviceSettings): void;
  removeDeviceAddresses(index: number): void;
  setDeviceAlias(index: number, alias: string): void;
  deleteDevice(index: number): void;
  listDevices(): DeviceEntry[];
  lookupUser(name: string): Account | undefined;
  lookupGroup(name: string): { name: string; gid: number } | undefined;
  cryptPassword(password: string, setting: string): Promise<string | undefined>;
  cryptSetting(prefix: string, cost: number): string;
  tryLockFile(fd: number): boolean;
  openSyslog(identity: string, facility: number): void;
  writeSyslog(priority: number, text: string): void;
  notifySupervisor(path: string, state: string): boolean;
  dieWithParent(signal: number): void;
  setDumpable(dumpable: boolean): void;
  trimMemory(): void;
  raiseDescriptorLimit(count: number): void;
  limitData(bytes: number): void;
  recordLogin(isLogin: boolean, line: string, pid: number, user: string, host: string): void;
}

const raw = addon as RawSystem;

function checkDescriptor(name: string, fd: number): void {
  if (!Number.isInteger(fd) || fd < 0)
    throw new TypeError(`${name}: expected a descriptor, found ${String(fd)}`);
}

function checkEndpoint(name: string, address: string, port: number): void {
  if (isIP(address) === 0) throw new TypeError(`${name}.address: expected an IP address, found "${address}"`);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new RangeError(`${name}.port: expected 0 to 65535, found ${String(port)}`);
  }
}

/** C strings end at a NUL; a text with one would mean something else to the system. */
function checkText(name: string, text: string): void {
  if (text.includes('\0')) throw new TypeError(`${name}: must not hold a NUL character`);
}

/** foreign: no socket of the internet, or no socket. */
export type SocketKind = 'tcp' | 'udp' | 'other' | 'foreign';

/** What a descriptor is that a supervisor handed over; tcp: a socket that listens. */
export function socketKind(fd: Descriptor): SocketKind {
  checkDescriptor('fd', fd);
  return raw.socketKind(fd);
}

/**
 * Acts in another network namespace (`namespace`: its file, opened); sockets made there stay there. Only synchronous
 * work: the thread is back when this returns. Without a namespace it acts here.
 */
export function inNamespace<T>(namespace: Descriptor | undefined, act: () => T): T {
  if (namespace === undefined) return act();
  checkDescriptor('namespace', namespace);
  let result: { readonly value: T } | { readonly error: unknown } | undefined;
  raw.inNamespace(namespace, () => {
    try {
      result = { value: act() };
    } catch (error) {
      result = { error };
    }
  });
  if (result === undefined) throw new Error('the network namespace was not entered');
  if ('error' in result) throw result.error;
  return result.value;
}

/** A connected pair of stream Unix sockets (close-on-exec, non-blocking). */
export function socketPair(): [Descriptor, Descriptor] {
  return raw.socketPair();
}

export function closeDescriptor(fd: Descriptor): void {
  checkDescriptor('fd', fd);
  raw.closeDescriptor(fd);
}

export interface PeerCredentials {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
  /** Supplementary groups; empty where the kernel does not tell. */
  readonly groups: readonly number[];
}

/** Credentials of the process at the other end of a Unix socket when it connected (SO_PEERCRED, SO_PEERGROUPS). */
export function peerCredentials(fd: Descriptor): PeerCredentials {
  checkDescriptor('fd', fd);
  return raw.peerCredentials(fd);
}

/** A stream Unix socket whose messages may carry descriptors (SCM_RIGHTS). Owns its descriptor. */
export interface DescriptorStream {
  /** Queues bytes; descriptors are duplicated on send, the caller keeps its own. At most 16 a message. */
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

/** The kernel takes up to 253; no message of ours needs more than a few. */
const maxDescriptorsPerMessage = 16;

export function openDescriptorStream(fd: Descriptor, events: DescriptorStreamEvents): DescriptorStream {
  checkDescriptor('fd', fd);
  const stream = new raw.DescriptorStream(
    fd,
    (bytes, descriptors) => {
      events.onData(bytes, descriptors);
    },
    (error) => {
      events.onClose(error);
    },
  );
  return {
    write(bytes, descriptors = []) {
      if (descriptors.length > maxDescriptorsPerMessage)
        throw new RangeError('too many descriptors in one message');
      if (descriptors.length > 0 && bytes.length === 0)
        throw new RangeError('descriptors need at least one byte to travel with');
      stream.write(bytes, descriptors);
    },
    get writableLength() {
      return stream.writableLength;
    },
    close() {
      stream.close();
    },
  };
}

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

const defaultBacklog = 1024;

/** Listens; IPv6 sockets are V6ONLY. Throws with `code` (EADDRINUSE …). */
export function listenTcp(options: TcpListenerOptions): TcpListener {
  const { address = '0.0.0.0', port = 0, backlog = defaultBacklog } = options;
  checkEndpoint('listener', address, port);
  const fd = options.descriptor ?? raw.bindTcp(address, port, backlog);
  const local = raw.localEndpoint(fd);
  const listener = new raw.TcpListener(fd, (connection, remote, own) => {
    options.onConnection(connection, remote, own);
  });
  return {
    local,
    pause() {
      listener.pause();
    },
    resume() {
      listener.resume();
    },
    close() {
      listener.close();
    },
  };
}

export interface UdpListener {
  readonly local: Endpoint;
  close(): void;
}
export interface UdpListenerOptions {
  address?: string;
  port?: number;
  descriptor?: Descriptor;
  /** One datagram of a flow that has no connected socket, at most 4096 bytes of it. `local` is the address it was sent to (PKTINFO). */
  onDatagram(datagram: Buffer, remote: Endpoint, local: Endpoint): void;
}

export function listenUdp(options: UdpListenerOptions): UdpListener {
  const { address = '0.0.0.0', port = 0 } = options;
  checkEndpoint('listener', address, port);
  const fd = options.descriptor ?? raw.bindUdp(address, port);
  const local = raw.localEndpoint(fd);
  const listener = new raw.UdpListener(fd, (datagram, remote, own) => {
    options.onDatagram(datagram, remote, own);
  });
  return {
    local,
    close() {
      listener.close();
    },
  };
}

/** The first bytes of a connection, before it is handed on with what was not taken of them. */
export interface SocketPreview {
  /** Removes that many of the bytes shown last. */
  take(count: number): void;
  /** Ends the preview; the descriptor is the caller's again. Undefined after close(). */
  release(): Descriptor | undefined;
  /** Ends preview and connection. Safe to call twice. */
  close(): void;
}

/** The kernel is asked for more than this nowhere. */
const previewLimitBytes = 4096;

/**
 * Owns `fd` until release() or close(). onBytes gets what lies in the socket, at most `limitBytes`, again and again until
 * it is taken; nothing at the end of the stream.
 */
export function previewSocket(
  fd: Descriptor,
  limitBytes: number,
  onBytes: (bytes: Buffer) => void,
): SocketPreview {
  checkDescriptor('fd', fd);
  if (!Number.isInteger(limitBytes) || limitBytes < 1 || limitBytes > previewLimitBytes) {
    throw new RangeError(
      `limitBytes: expected 1 to ${String(previewLimitBytes)}, found ${String(limitBytes)}`,
    );
  }
  const preview = new raw.SocketPreview(fd, limitBytes, onBytes);
  return {
    take(count) {
      preview.take(count);
    },
    release() {
      const descriptor = preview.release();
      return descriptor < 0 ? undefined : descriptor;
    },
    close() {
      preview.close();
    },
  };
}

/** A UDP socket bound to `local` (address reuse) and connected to `remote`, with large buffers, for a worker. */
export function connectUdp(local: Endpoint, remote: Endpoint): Descriptor {
  checkEndpoint('local', local.address, local.port);
  checkEndpoint('remote', remote.address, remote.port);
  return raw.connectUdp(local.address, local.port, remote.address, remote.port);
}

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
export function openTun(options: TunOptions): TunDevice {
  if (!/^[A-Za-z0-9_.-]{1,12}$/.test(options.prefix)) {
    throw new TypeError(
      `prefix: expected 1 to 12 letters, digits, "_", "." or "-", found "${options.prefix}"`,
    );
  }
  return raw.openTun(options.prefix, options.offload, options.ownerUid ?? -1, options.ownerGid ?? -1);
}

export interface DeviceSettings {
  mtuBytes?: number;
  ipv4?: { local: string; peer: string };
  ipv6?: { local: string; peer: string; prefix: number };
  up?: boolean;
  txQueueLength?: number;
}

/** Addresses and MTU of a device over netlink, then link up. */
export function configureDevice(index: number, settings: DeviceSettings): void {
  const prefix = settings.ipv6?.prefix ?? 128;
  if (!Number.isInteger(prefix) || prefix < 0 || prefix > 128)
    throw new RangeError('ipv6.prefix: expected 0 to 128');
  raw.configureDevice(index, settings);
}

export function removeDeviceAddresses(index: number): void {
  raw.removeDeviceAddresses(index);
}

export interface DeviceEntry {
  readonly name: string;
  readonly index: number;
  readonly alias: string | undefined;
  readonly isTun: boolean;
}

/** Devices of this network namespace, to find leftovers. */
export function listDevices(): DeviceEntry[] {
  return raw.listDevices();
}

/** At most 255 bytes (IFALIASZ). */
export function setDeviceAlias(index: number, alias: string): void {
  checkText('alias', alias);
  raw.setDeviceAlias(index, alias);
}

export function deleteDevice(index: number): void {
  raw.deleteDevice(index);
}

export interface Account {
  name: string;
  uid: number;
  gid: number;
}

/** An id in decimal stands for itself, known or not. */
function parseId(name: string): number | undefined {
  const id = Number(name);
  return /^\d{1,10}$/.test(name) && id < 0xff_ff_ff_ff ? id : undefined;
}

/** getpwnam_r; a decimal number is accepted as itself. Undefined when unknown. */
export function lookupUser(name: string): Account | undefined {
  checkText('name', name);
  const found = raw.lookupUser(name);
  const id = parseId(name);
  return found ?? (id === undefined ? undefined : { name, uid: id, gid: id });
}

/** getgrnam_r; a decimal number is accepted as itself. Undefined when unknown. */
export function lookupGroup(name: string): { name: string; gid: number } | undefined {
  checkText('name', name);
  const found = raw.lookupGroup(name);
  const id = parseId(name);
  return found ?? (id === undefined ? undefined : { name, gid: id });
}

/** crypt_r(3) of the system's libcrypt, off the event loop. Undefined when the setting is refused. */
export async function cryptPassword(password: string, setting: string): Promise<string | undefined> {
  // A password with a NUL would be checked up to it alone.
  if (password.includes('\0') || setting.includes('\0')) return undefined;
  return raw.cryptPassword(password, setting);
}

/** A fresh setting for one of "$5$", "$6$", "$y$", "$2b$"; cost 0 or absent = the library's default. */
export function cryptSetting(prefix: string, cost = 0): string {
  if (!/^\$[0-9a-z]{1,4}\$$/.test(prefix))
    throw new TypeError(`prefix: expected one like "$6$", found "${prefix}"`);
  return raw.cryptSetting(prefix, cost);
}

/** A write lock on the whole file (fcntl, of the open file description); false when somebody else has one. */
export function tryLockFile(fd: Descriptor): boolean {
  checkDescriptor('fd', fd);
  return raw.tryLockFile(fd);
}

export type SyslogSeverity = 'error' | 'warning' | 'notice' | 'info' | 'debug';

// syslog(3): LOG_ERR and so on.
const severities: Readonly<Record<SyslogSeverity, number>> = {
  error: 3,
  warning: 4,
  notice: 5,
  info: 6,
  debug: 7,
};
const facilities: Readonly<Record<string, number>> = {
  user: 1,
  daemon: 3,
  auth: 4,
  authpriv: 10,
  ...Object.fromEntries(Array.from({ length: 8 }, (_, index) => [`local${String(index)}`, 16 + index])),
};

export function openSyslog(identity: string, facility: string): void {
  const code = facilities[facility];
  if (code === undefined) throw new TypeError(`unknown syslog facility: ${facility}`);
  raw.openSyslog(identity, code << 3);
}

export function writeSyslog(severity: SyslogSeverity, text: string): void {
  raw.writeSyslog(severities[severity], text.replaceAll('\0', ''));
}

/** sd_notify(3): sends `state` to $NOTIFY_SOCKET; false when there is none. */
export function notifySupervisor(state: string): boolean {
  const path = process.env['NOTIFY_SOCKET'];
  return path === undefined ? false : raw.notifySupervisor(path, state);
}

/** The given signal for this process when its parent dies. */
export function dieWithParent(signal: 'SIGTERM' | 'SIGKILL'): void {
  raw.dieWithParent(signal === 'SIGTERM' ? 15 : 9);
}

/** Whether core dumps and debuggers may look into this process. */
export function setDumpable(dumpable: boolean): void {
  raw.setDumpable(dumpable);
}

/** Raises RLIMIT_NOFILE to `count` if it is lower. */
export function raiseDescriptorLimit(count: number): void {
  if (!Number.isSafeInteger(count) || count < 0)
    throw new RangeError('count: expected a number of descriptors');
  raw.raiseDescriptorLimit(count);
}

/** Gives free pages of the C heap back to the system (malloc_trim(3)); some milliseconds, so only in quiet times. */
export function trimMemory(): void {
  raw.trimMemory();
}

/** RLIMIT_DATA of this process, for good: what it has now and `bytes` more. */
export function limitData(bytes: number): void {
  if (!Number.isSafeInteger(bytes) || bytes < 0) throw new RangeError('bytes: expected 0 or more');
  const kibibytes = /^VmData:\s*(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  raw.limitData(Number(kibibytes ?? 0) * 1024 + bytes);
}

export interface LoginRecord {
  /** False: the session is over. */
  readonly isLogin: boolean;
  /** Device of the session. */
  readonly line: string;
  readonly pid: number;
  readonly user: string;
  /** Address of the client. */
  readonly host: string;
}

/** Writes utmp and wtmp where the system has them. */
export function recordLogin({ isLogin, line, pid, user, host }: LoginRecord): void {
  raw.recordLogin(isLogin, line, pid, user.replaceAll('\0', ''), host);
}
