// Certificates for the server and its clients: what the occert commands call.
export {
  createAuthority,
  exportPkcs12,
  issueClient,
  issueServer,
  listIssued,
  PkiError,
} from './authority.ts';
export type { Folder, IndexEntry, Issued } from './authority.ts';
export { keyTypes, type KeyType } from './keys.ts';
export { checkHostName, checkUserName, type HostName, type NameCheck } from './names.ts';
export type { Pkcs12Profile } from './pkcs12.ts';
