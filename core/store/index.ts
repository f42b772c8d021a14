// What outlives a process, behind small interfaces. Nothing above may assume that there is only one server.
export { memoryKeyedStore, openKeyedStore, stateFile, type KeyedStore } from './keyed-store.ts';
export { memorySessionStore, openSessionStore, type SessionRow, type SessionStore } from './session-store.ts';
