// Accounting of sessions towards RADIUS.
export { Accounting, type Counters, type Tunnel } from './accounting.ts';
