// ping-leases: does somebody else answer at an address that a client is about to get? Asked of the system's ping, all
// addresses at once; nobody but the client waits. Called by open-session.ts.
import { spawn } from 'node:child_process';
import { findProgram, type Logger } from '../system/index.ts';
import type { LeaseRequest, Leases } from './leases.ts';

const waitSeconds = 1;
const limitMs = 5_000;
/** Then the last one is taken: a network where everything answers is not to lock everybody out. */
const maxTries = 8;

/** Whether an echo reply comes. */
export function answers(address: string): Promise<boolean> {
  const program = findProgram('ping');
  if (program === undefined) return Promise.resolve(false);
  return new Promise((resolve) => {
    const child = spawn(program, ['-n', '-q', '-c', '1', '-W', String(waitSeconds), address], {
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C' },
      stdio: 'ignore',
      timeout: limitMs,
      killSignal: 'SIGKILL',
    });
    child.once('error', () => resolve(false));
    child.once('exit', (status) => resolve(status === 0));
  });
}

/**
 * Afterwards the session holds addresses at which nobody answered, or none; the lease that follows finds them. Those it
 * had before are its own, whoever answers there.
 */
export async function leaseSilentAddresses(
  leases: Leases,
  request: LeaseRequest,
  log: Logger,
  isAnswering: (address: string) => Promise<boolean> = answers,
): Promise<void> {
  const own = leases.addressesOf(request.sessionId);
  for (let attempt = 0; attempt < maxTries; attempt++) {
    const leased = leases.lease(request);
    if ('refused' in leased) return;
    const { ipv4, ipv6 } = leased.lease;
    const fresh = [
      ...(request.explicitIpv4 === undefined && ipv4 !== undefined ? [ipv4.address] : []),
      ...(request.explicitIpv6 === undefined && ipv6 !== undefined ? [ipv6.address] : []),
    ].filter((address) => !own.includes(address));
    const verdicts = await Promise.all(fresh.map(isAnswering));
    const taken = fresh.filter((_address, index) => verdicts[index]);
    if (taken.length === 0) return;
    own.push(...fresh.filter((address) => !taken.includes(address)));
    for (const address of taken) {
      log.info(`somebody answers at ${address}; taking another address`);
      leases.avoid(request.sessionId, address);
    }
  }
}
