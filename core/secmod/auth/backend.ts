// What a method with a back end offers to a login. One file per method stands beside this one; when a login is
// granted is decided in combine.ts alone.
import type { LoginEvent } from './combine.ts';

/** What a back end may say to an answer. */
export type BackendReply = Extract<
  LoginEvent,
  { kind: 'prompted' | 'accepted' | 'rejected' | 'unavailable' }
>;

export interface LoginFacts {
  readonly username: string;
  readonly remoteAddress: string;
  /** The slot also demands a certificate, which has been verified. */
  readonly hasCertificate: boolean;
}

/** One login in progress. Answers come one at a time. */
export interface Conversation {
  answer(text: string): Promise<BackendReply>;
  close(): void;
}

export interface Backend {
  readonly name: 'plain' | 'pam' | 'radius' | 'gssapi' | 'oidc';
  /** Wrong answers a login may give. */
  readonly tries: number;
  begin(facts: LoginFacts): Conversation;
  /** Groups for `auto-select-group`; empty where the back end has no list. */
  listGroups(): Promise<readonly string[]>;
}
