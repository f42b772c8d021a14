// The system's file lock as this room wants it; loaded by ocpasswd when a token is enrolled.
import { tryLockFile } from '../native/index.ts';
import type { TryLock } from './oath-lock.ts';

export const systemLock: TryLock = tryLockFile;
