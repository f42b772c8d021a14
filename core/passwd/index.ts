// The password file of the plain method: what the security module reads and ocpasswd writes.
export { parsePasswordFile, type PasswordEntry, type PasswordFile } from './file-format.ts';
export {
  checkPassword,
  hashClass,
  hashPassword,
  NEW_HASH_PREFIX,
  NEW_HASH_ROUNDS,
  passwordProblem,
  typicalHashes,
  type CryptFunction,
  type PasswordVerdict,
} from './hash.ts';
export { groupNameProblem, splitGroups, userNameProblem } from './names.ts';
export {
  addUser,
  deleteUser,
  lockUser,
  unlockUser,
  type Hashing,
  type UpdateOptions,
  type UpdateResult,
} from './update.ts';
