// What a method with a back end offers to a login. One file per method stands beside this one; when a login is
// granted is decided in combine.ts alone.
import type { LoginEvent } from './combine.ts';

/** What a back end may say to an answer. */
export type BackendReply =
  | Extract<LoginEvent, { kind: 'rejected' | 'unavailable' }>
  | (Extract<LoginEvent, { kind: 'prompted' }> & ForClient)
  | (Extract<LoginEvent, { kind: 'accepted' }> &
      ForClient & {
        readonly supplement?: SessionSupplement;
        /** For the person, to be shown beside the banner. */
        readonly message?: string;
      });

interface ForClient {
  /** base64: what the method has to tell the client's software. */
  readonly token?: string;
}

/** What a back end knows of the session beyond user and groups. Kept with it, so JSON-serialisable. */
export interface SessionSupplement {
  /** Lines of a per-user file that stand in for the files; absent where the files are read. */
  readonly settingLines?: readonly string[];
  /** Class attributes of RADIUS, base64, to be repeated in accounting. */
  readonly classes?: readonly string[];
}

export interface LoginFacts {
  readonly username: string;
  readonly remoteAddress: string;
  /** Where the client reached the server. */
  readonly localAddress: string;
  readonly userAgent: string | undefined;
  /** Public name of the session that the login may become. */
  readonly sessionId: string;
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
  /** A login begins with a token in the place of a user name and password; who it is comes out of it. */
  readonly isByToken?: boolean;
  /** Wrong answers a login may give. */
  readonly tries: number;
  begin(facts: LoginFacts): Conversation;
  /** Groups for `auto-select-group`; empty where the back end has no list. */
  listGroups(): Promise<readonly string[]>;
}
