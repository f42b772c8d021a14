// The password file and the one-time passwords of the plain method: what the security module reads and ocpasswd writes.
export { parsePasswordFile, type PasswordEntry, type PasswordFile } from './file-format.ts';
export {
  checkPassword,
  hashClass,
  hashPassword,
  hashSchemeName,
  hashSchemes,
  newHashSetting,
  passwordProblem,
  typicalHashes,
  type CryptFunction,
  type HashScheme,
  type PasswordVerdict,
} from './hash.ts';
export { enrolToken, removeTokens, type EnrolResult, type NewToken, type TokenWish } from './oath-enrol.ts';
export { parseOathFile, type OathFile } from './oath-format.ts';
export { withOathLock, type TryLock } from './oath-lock.ts';
export { DEFAULT_WINDOW_STEPS, judgeOtp, MAX_WINDOW_STEPS, type OtpVerdict } from './oath-verify.ts';
export { groupNameProblem, splitGroups, userNameProblem } from './names.ts';
export {
  addUser,
  deleteUser,
  listUsers,
  lockUser,
  unlockUser,
  type Hashing,
  type ListedUser,
  type UpdateOptions,
  type UpdateResult,
} from './update.ts';
