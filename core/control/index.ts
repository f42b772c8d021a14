// The control door: what occtl needs (client and views) and what main needs (server).
export { connectControl, ControlError, defaultSocketFile, noAnswer, type ControlClient } from './client.ts';
export type { ControlEvent, ControlFlow, ControlStatistics, ControlUser } from '../interfaces/index.ts';
export { eventJson, eventText } from './event-view.ts';
export { formatJson } from './format.ts';
export {
  banPointsJson,
  banPointsTable,
  bansJson,
  bansTable,
  sessionBlocks,
  sessionJson,
  sessionsTable,
} from './session-view.ts';
export { topFrame, topSortKeys, type TopSortKey } from './top-view.ts';
export { statusJson, statusText } from './status-view.ts';
export { iroutesJson, iroutesTable, userBlocks, userJson, usersTable } from './user-view.ts';
export { openControl, type ControlCaller, type ControlServer, type ControlServerOptions } from './server.ts';
