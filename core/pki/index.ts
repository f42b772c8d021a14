// Certificates for the server and its clients: what the occert commands call.
export { createAuthority, exportPkcs12, issueClient, issueServer } from './authority.ts';
export { revocationReasons, type RevocationReason } from './certificate.ts';
export { keyTypes, type KeyType } from './keys.ts';
export { checkHostName, checkUserName, type HostName, type NameCheck } from './names.ts';
export type { Pkcs12Profile } from './pkcs12.ts';
export { anyConnectProfile, appleProfile } from './profiles.ts';
export { installAnswer, makeRequest } from './request.ts';
export {
  findDue,
  listIssued,
  renew,
  renewList,
  revoke,
  stateOf,
  type EntryState,
  type NewList,
  type Revoked,
} from './revoke.ts';
export { at, PkiError, type Folder, type IndexEntry, type Issued } from './state.ts';
export { parseTemplate, type Template } from './template.ts';
