// Small records that outlive the main process: leases and bans. Values are JSON; writes are gathered and
// written in one transaction, so that an event costs no disk access of its own. Used by core/main, which holds
// everything in memory and reads only at its start; one process owns the database file.
import { createHash } from 'node:crypto';
import { chmodSync, closeSync, constants, existsSync, openSync, renameSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { makeFolder } from '../system/index.ts';

export interface KeyedStore {
  /** All records of a kind. Records whose value cannot be read are left out. */
  load(kind: string): { readonly key: string; readonly value: unknown }[];
  put(kind: string, key: string, value: unknown): void;
  delete(kind: string, key: string): void;
  /** Writes what is gathered. */
  flush(): void;
  close(): void;
}

const flushDelayMs = 200;
/** More gathered records than this are written at once. */
const maxGathered = 512;

const schema = `
  CREATE TABLE IF NOT EXISTS records (
    kind TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (kind, key)
  ) STRICT, WITHOUT ROWID`;

/** Nothing outlives the process. */
export function memoryKeyedStore(): KeyedStore {
  const records = new Map<string, { kind: string; key: string; value: unknown }>();
  return {
    load: (kind) => [...records.values()].filter((record) => record.kind === kind),
    put: (kind, key, value) => void records.set(`${kind}\n${key}`, { kind, key, value }),
    delete: (kind, key) => void records.delete(`${kind}\n${key}`),
    flush: () => undefined,
    close: () => undefined,
  };
}

/** The file of one server in a state folder: servers are told apart by their `socket-file`. */
export function stateFile(stateFolder: string, socketFile: string, part: string): string {
  const server = createHash('sha256').update(path.resolve(socketFile)).digest('hex').slice(0, 8);
  return path.join(stateFolder, `${part}-${server}.db`);
}

/**
 * Opens or creates (folder 0700, file 0600). A damaged file is set aside as `<file>.damaged`: state must never
 * keep the server from starting. Throws when the folder cannot be written. `onWriteError` hears of a full disk.
 */
export function openKeyedStore(file: string, onWriteError: (error: Error) => void): KeyedStore {
  makeFolder(path.dirname(file), 0o700);
  closeSync(openSync(file, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600));
  chmodSync(file, 0o600);
  try {
    return new SqliteKeyedStore(file, onWriteError);
  } catch {
    for (const suffix of ['', '-wal', '-shm']) {
      if (existsSync(file + suffix)) renameSync(file + suffix, `${file}.damaged${suffix}`);
    }
    closeSync(openSync(file, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, 0o600));
    return new SqliteKeyedStore(file, onWriteError);
  }
}

class SqliteKeyedStore implements KeyedStore {
  readonly #database: DatabaseSync;
  readonly #onWriteError: (error: Error) => void;
  readonly #gathered = new Map<string, { kind: string; key: string; value: string | undefined }>();
  #timer: NodeJS.Timeout | undefined;
  #isOpen = true;

  constructor(file: string, onWriteError: (error: Error) => void) {
    this.#onWriteError = onWriteError;
    this.#database = new DatabaseSync(file);
    try {
      this.#database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
      this.#database.exec(schema);
      this.#database.prepare('SELECT count(*) FROM records').get();
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  load(kind: string): { key: string; value: unknown }[] {
    this.flush();
    const rows = this.#database.prepare('SELECT key, value FROM records WHERE kind = ?').all(kind);
    return rows.flatMap((row) => {
      try {
        return [{ key: String(row['key']), value: JSON.parse(String(row['value'])) as unknown }];
      } catch {
        return [];
      }
    });
  }

  put(kind: string, key: string, value: unknown): void {
    this.#gather(kind, key, JSON.stringify(value));
  }

  delete(kind: string, key: string): void {
    this.#gather(kind, key, undefined);
  }

  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#gathered.size === 0 || !this.#isOpen) return;
    try {
      this.#database.exec('BEGIN IMMEDIATE');
      const insert = this.#database.prepare('INSERT OR REPLACE INTO records VALUES (?, ?, ?)');
      const remove = this.#database.prepare('DELETE FROM records WHERE kind = ? AND key = ?');
      for (const { kind, key, value } of this.#gathered.values()) {
        if (value === undefined) remove.run(kind, key);
        else insert.run(kind, key, value);
      }
      this.#database.exec('COMMIT');
      this.#gathered.clear();
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      this.#onWriteError(error instanceof Error ? error : new Error(String(error)));
    }
  }

  close(): void {
    if (!this.#isOpen) return;
    this.flush();
    this.#isOpen = false;
    this.#database.close();
  }

  #gather(kind: string, key: string, value: string | undefined): void {
    this.#gathered.set(`${kind}\n${key}`, { kind, key, value });
    if (this.#gathered.size >= maxGathered) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), flushDelayMs).unref();
  }
}
