// Opens what the security module keeps in the state folder. A file that cannot be used costs what it would have carried
// over a restart, never a login: then the memory serves. Called by security-module.ts.
import type { Settings } from '../config/index.ts';
import {
  memoryKeyedStore,
  memorySessionStore,
  openKeyedStore,
  stateFile,
  type KeyedStore,
  type SessionStore,
} from '../store/index.ts';
import type { Log } from './log.ts';

export function openAccountingStore(settings: Settings | undefined, log: Log): KeyedStore {
  const folder = settings?.['state-dir'];
  if (folder === undefined) return memoryKeyedStore();
  const file = stateFile(folder, settings?.['socket-file'] ?? '', 'accounting');
  try {
    return openKeyedStore(file, (error) => log.error(`cannot write ${file}: ${error.message}`));
  } catch (error) {
    log.error(`cannot open ${file} (${messageOf(error)}); accounting records will not outlive a restart`);
    return memoryKeyedStore();
  }
}

export function openSessions(
  settings: Settings | undefined,
  { log, openStore }: { readonly log: Log; readonly openStore: (file: string) => SessionStore },
): SessionStore {
  const folder = settings?.['state-dir'];
  if (folder === undefined) return memorySessionStore();
  const file = stateFile(folder, settings?.['socket-file'] ?? '', 'sessions');
  try {
    return tolerantStore(openStore(file), (error) => log.error(`cannot write ${file}: ${error}`));
  } catch (error) {
    log.error(`cannot open ${file} (${messageOf(error)}); cookies will not outlive a restart`);
    return memorySessionStore();
  }
}

/** A full disk costs the sessions their life after a restart, but nobody the login or tunnel of now. */
function tolerantStore(store: SessionStore, onError: (error: string) => void): SessionStore {
  const attempt = (write: () => void): void => {
    try {
      write();
    } catch (error) {
      onError(messageOf(error));
    }
  };
  return {
    put: (row) => attempt(() => store.put(row)),
    delete: (sessionId) => attempt(() => store.delete(sessionId)),
    get: (sessionId) => store.get(sessionId),
    list: () => store.list(),
    close: () => attempt(() => store.close()),
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown error';
}
