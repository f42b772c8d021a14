// What outlives a process, behind small interfaces. Nothing above may assume that there is only one server.
export { memorySessionStore, openSessionStore, type SessionRow, type SessionStore } from './session-store.ts';
