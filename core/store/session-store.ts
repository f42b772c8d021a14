// Sessions that outlive a process: what the security module needs to know a cookie again after a restart.
// Cookies are kept as SHA-256 only. Used by core/secmod; one process owns the database file.
import { chmodSync, closeSync, constants, existsSync, openSync, renameSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { makeFolder } from '../system/index.ts';

export interface SessionRowSupplement {
  readonly settingLines?: readonly string[];
  readonly classes?: readonly string[];
}

/** One session as it is kept on disk. Times are milliseconds since 1970. */
export interface SessionRow {
  /** Public name, 28 characters. The cookie cannot be derived from it. */
  readonly sessionId: string;
  /** SHA-256 of the cookie, base64. */
  readonly cookieHash: string;
  readonly username: string;
  readonly groupname: string | undefined;
  /** Name of the virtual host, "default" for the default host. */
  readonly vhost: string;
  readonly userAgent: string | undefined;
  readonly loginAddress: string;
  /** Where the latest tunnel of the session came from. */
  readonly remoteAddress: string;
  readonly createdAt: number;
  /** While the session is in use: undefined. */
  readonly expiresAt: number | undefined;
  /** A tunnel was opened with it at least once. */
  readonly isOpen: boolean;
  readonly certificateAuth: boolean;
  readonly certificateUser: string | undefined;
  /** What the login's back end knows of the session: see SessionSupplement in core/secmod. */
  readonly supplement: SessionRowSupplement | undefined;
  /** Inner IP bytes of all ended tunnels of the session. */
  readonly rxBytes: number;
  readonly txBytes: number;
}

export interface SessionStore {
  /** Inserts or replaces the row of `sessionId`. */
  put(row: SessionRow): void;
  get(sessionId: string): SessionRow | undefined;
  delete(sessionId: string): void;
  list(): SessionRow[];
  close(): void;
}

/** Nothing outlives the process. For a configuration without state folder and for tests. */
export function memorySessionStore(): SessionStore {
  const rows = new Map<string, SessionRow>();
  return {
    put: (row) => void rows.set(row.sessionId, row),
    get: (sessionId) => rows.get(sessionId),
    delete: (sessionId) => void rows.delete(sessionId),
    list: () => [...rows.values()],
    close: () => {},
  };
}

// Raised when the table changes shape; an older file is then set aside, which costs one login.
const SCHEMA_VERSION = 2;

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS sessions (
    session_id TEXT PRIMARY KEY,
    cookie_hash TEXT NOT NULL UNIQUE,
    username TEXT NOT NULL,
    groupname TEXT,
    vhost TEXT NOT NULL,
    user_agent TEXT,
    login_address TEXT NOT NULL,
    remote_address TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    is_open INTEGER NOT NULL,
    certificate_auth INTEGER NOT NULL,
    certificate_user TEXT,
    supplement TEXT,
    rx_bytes INTEGER NOT NULL,
    tx_bytes INTEGER NOT NULL
  ) STRICT`;

/**
 * Opens (or creates: folder 0700, file 0600) the database. A file that is damaged or of another shape is renamed to
 * `<file>.damaged` and a new one begun: state must never keep the server from starting.
 * Throws when the folder cannot be written.
 */
export function openSessionStore(file: string): SessionStore {
  makeFolder(path.dirname(file), 0o700);
  // SQLite creates its files with the umask; the empty file made here lends its mode to the journals.
  closeSync(openSync(file, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600));
  chmodSync(file, 0o600);
  try {
    return new SqliteSessionStore(file);
  } catch (error) {
    if (!isDamage(error)) throw error;
    for (const suffix of ['', '-wal', '-shm']) {
      if (existsSync(file + suffix)) renameSync(file + suffix, `${file}.damaged${suffix}`);
    }
    closeSync(openSync(file, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, 0o600));
    return new SqliteSessionStore(file);
  }
}

class OtherShape extends Error {}

// SQLITE_CORRUPT (11) and SQLITE_NOTADB (26).
function isDamage(error: unknown): boolean {
  if (error instanceof OtherShape) return true;
  const number = error instanceof Error && 'errcode' in error ? error.errcode : undefined;
  return number === 11 || number === 26;
}

class SqliteSessionStore implements SessionStore {
  readonly #database: DatabaseSync;
  #isOpen = true;

  constructor(file: string) {
    this.#database = new DatabaseSync(file);
    try {
      // WAL with synchronous=NORMAL survives the kill of the process; a power cut may cost the last seconds.
      this.#database.exec(
        'PRAGMA busy_timeout = 500; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA secure_delete = ON',
      );
      const version = this.#database.prepare('PRAGMA user_version').get()?.['user_version'];
      if (version !== 0 && version !== SCHEMA_VERSION) throw new OtherShape(`schema version ${version}`);
      this.#database.exec(`${SCHEMA}; PRAGMA user_version = ${SCHEMA_VERSION}`);
      this.list();
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  put(row: SessionRow): void {
    this.#database
      .prepare(
        `INSERT OR REPLACE INTO sessions VALUES (:sessionId, :cookieHash, :username, :groupname, :vhost, :userAgent,
         :loginAddress, :remoteAddress, :createdAt, :expiresAt, :isOpen, :certificateAuth, :certificateUser,
         :supplement, :rxBytes, :txBytes)`,
      )
      .run({
        sessionId: row.sessionId,
        cookieHash: row.cookieHash,
        username: row.username,
        groupname: row.groupname ?? null,
        vhost: row.vhost,
        userAgent: row.userAgent ?? null,
        loginAddress: row.loginAddress,
        remoteAddress: row.remoteAddress,
        createdAt: row.createdAt,
        expiresAt: row.expiresAt ?? null,
        isOpen: Number(row.isOpen),
        certificateAuth: Number(row.certificateAuth),
        certificateUser: row.certificateUser ?? null,
        supplement: row.supplement === undefined ? null : JSON.stringify(row.supplement),
        rxBytes: row.rxBytes,
        txBytes: row.txBytes,
      });
  }

  get(sessionId: string): SessionRow | undefined {
    const record = this.#database.prepare('SELECT * FROM sessions WHERE session_id = ?').get(sessionId);
    return record === undefined ? undefined : rowOf(record);
  }

  delete(sessionId: string): void {
    this.#database.prepare('DELETE FROM sessions WHERE session_id = ?').run(sessionId);
  }

  list(): SessionRow[] {
    return this.#database.prepare('SELECT * FROM sessions').all().map(rowOf);
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#database.close();
  }
}

function rowOf(record: Record<string, unknown>): SessionRow {
  const optionalText = (name: string): string | undefined => {
    const value = record[name];
    return typeof value === 'string' ? value : undefined;
  };
  const text = (name: string): string => optionalText(name) ?? '';
  return {
    sessionId: text('session_id'),
    cookieHash: text('cookie_hash'),
    username: text('username'),
    groupname: optionalText('groupname'),
    vhost: text('vhost'),
    userAgent: optionalText('user_agent'),
    loginAddress: text('login_address'),
    remoteAddress: text('remote_address'),
    createdAt: Number(record['created_at']),
    expiresAt: record['expires_at'] === null ? undefined : Number(record['expires_at']),
    isOpen: record['is_open'] === 1,
    certificateAuth: record['certificate_auth'] === 1,
    certificateUser: optionalText('certificate_user'),
    supplement: supplementOf(optionalText('supplement')),
    rxBytes: Number(record['rx_bytes']),
    txBytes: Number(record['tx_bytes']),
  };
}

/** Written by us, so the form is known; a text that was tampered with is damage. */
function supplementOf(text: string | undefined): SessionRowSupplement | undefined {
  if (text === undefined) return undefined;
  const value: unknown = JSON.parse(text);
  const texts = (name: string): readonly string[] | undefined => {
    const list: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
    return Array.isArray(list) && list.every((entry) => typeof entry === 'string') ? list : undefined;
  };
  const settingLines = texts('settingLines');
  const classes = texts('classes');
  return {
    ...(settingLines === undefined ? {} : { settingLines }),
    ...(classes === undefined ? {} : { classes }),
  };
}
