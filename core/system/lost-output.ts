// A daemon outlives whoever reads its output: a log collector that restarts, a pipe whose reader ended. Node would end
// the process with an unhandled 'error' event. Called by each of the three processes before it writes anything.
import process from 'node:process';

/** Lines that nobody can receive any more are dropped. */
export function surviveLostOutput(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
}
