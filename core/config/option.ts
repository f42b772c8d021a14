// What a row of the option table is made of, and the constructors that the files in options/ use.
import type { Kind } from './values.ts';

/** global: at top level; vhost: in [vhost:NAME]; user: in per-user and per-group files. */
export type Scope = 'global' | 'vhost' | 'user';

interface Described {
  readonly scope: readonly Scope[];
  readonly summary: string;
  readonly note?: string;
}

export interface OptionFacts<V> extends Described {
  /** A reload (SIGHUP) takes the new value; otherwise a restart is needed. */
  readonly reload: boolean;
  readonly required?: boolean;
  readonly deprecated?: boolean;
  /** Allowed in a virtual host section for compatibility, but one value serves the whole server. */
  readonly wholeServer?: boolean;
  /** What stands for the default in texts, where the value alone does not say it. */
  readonly shownDefault?: string;
  /** Line of the sample configuration. */
  readonly example?: string;
  /** Never shown in a message. */
  readonly secret?: boolean;
  /** This release acts on the option; default true. */
  readonly honoured?: boolean;
  /** Not honoured and dangerous to ignore: why the server refuses to start. */
  readonly refusal?: string;
  /** Not honoured: which values make a difference; by default all but the initial one. */
  readonly matters?: (value: V) => boolean;
}

export interface OptionRow<V> extends OptionFacts<V> {
  readonly role: 'value';
  readonly kind: Kind<V>;
  readonly honoured: boolean;
}

/** A name without a value of its own. */
export interface FormerRow extends Described {
  readonly role: 'alias' | 'renamed' | 'inverted' | 'ignored' | 'unknown' | 'removed';
  /** The option that takes the value. */
  readonly target?: string;
}

export function option<V>(kind: Kind<V>, facts: OptionFacts<V>): OptionRow<V> {
  return { honoured: true, ...facts, kind, role: 'value' };
}

export function former(role: FormerRow['role'], target: string | undefined, facts: Described): FormerRow {
  return { ...facts, role, ...(target === undefined ? {} : { target }) };
}
