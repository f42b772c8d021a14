// The way a worker gives up everything it does not need, and what main does to make that possible.
import { addon } from './addon.ts';

interface RawSandbox {
  enterSandbox(uid: number, gid: number, chroot: string, seccomp: boolean): string[];
  forbidRings(): void;
  becomeSessionLeader(): void;
}

const raw = addon as RawSandbox;

let areRingsForbidden = false;

const largestId = 0xff_ff_ff_fe;

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

function checkId(name: string, value: number): void {
  if (!Number.isInteger(value) || value < 0 || value > largestId)
    throw new RangeError(`${name}: expected 0 to ${String(largestId)}, found ${String(value)}`);
}

/**
 * Makes this process a worker for good: chroot, group, user, no capabilities, no_new_privs, not dumpable, Landlock where
 * the kernel has it, seccomp allow-list for all threads. Everything needed later must be loaded before. Throws with
 * `code` when it got stuck half way: exit then.
 */
export function enterSandbox(options: SandboxOptions): SandboxReport {
  checkId('uid', options.uid);
  checkId('gid', options.gid);
  const chroot = options.chroot ?? '';
  if (chroot.includes('\0')) throw new TypeError('chroot: must not hold a NUL character');
  return { missing: raw.enterSandbox(options.uid, options.gid, chroot, options.seccomp) };
}

/**
 * No io_uring for processes started from now on. libuv opens a ring for its loop before any of our code runs, and what
 * goes through a ring passes by the worker's system call filter; so main calls this, as root, before it starts a child.
 * Once is enough for the life of the process; further calls do nothing.
 */
export function forbidRings(): void {
  if (areRingsForbidden) return;
  raw.forbidRings();
  areRingsForbidden = true;
}

/** setsid(2) without forking, for the daemon's child. */
export function becomeSessionLeader(): void {
  raw.becomeSessionLeader();
}
