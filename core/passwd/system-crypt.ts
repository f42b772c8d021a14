// The system's crypt(3) as this room wants it. The only place here that knows the addon; loaded by ocpasswd when a
// password is to be hashed.
import { cryptPassword, cryptSetting } from '../native/index.ts';
import type { Hashing } from './update.ts';

export const systemHashing: Hashing = { crypt: cryptPassword, makeSetting: cryptSetting };
