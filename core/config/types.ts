// The data of the room: what a loaded configuration is, and what was found wrong with it.
import type { OptionName, Settings } from './options.ts';

export interface AuthMethod {
  readonly name: 'plain' | 'pam' | 'radius' | 'gssapi' | 'oidc' | 'certificate';
  /** Suboptions by lower-case name, e.g. `passwd`. */
  readonly options: Readonly<Record<string, string>>;
}

export interface VirtualHost {
  /** Absent for the default host. */
  readonly name?: string;
  readonly settings: Settings;
  /** Options that the file sets for this host itself. */
  readonly explicit: readonly OptionName[];
}

/** JSON-serialisable: it is sent to the security module as an object. */
export interface Configuration {
  readonly file: string;
  /** The default host first. */
  readonly hosts: readonly VirtualHost[];
}

export interface Diagnostic {
  readonly severity: 'error' | 'warning' | 'note';
  readonly file: string;
  /** Both count from 1. */
  readonly line?: number;
  readonly column?: number;
  readonly vhost?: string;
  readonly option?: string;
  /** What was wrong; what was expected. Never holds the value of a secret. */
  readonly text: string;
  readonly hint?: string;
}

/** What a per-user or per-group file sets. */
export interface Overlay {
  readonly file: string;
  readonly values: { readonly [K in OptionName]?: Settings[K] };
}
