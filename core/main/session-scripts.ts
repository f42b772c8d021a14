// The scripts and route commands of one session, in order: connect before disconnect, one after the other, also
// over a takeover. Called by open-session.ts and close-session.ts.
import { parsePortRules } from '../config/index.ts';
import { formatCidr, formatRoute, parseNetwork } from './addresses.ts';
import { connectionLog, globalSettings, type Main, type Session } from './context.ts';
import { isRestrictedToRoutes } from './firewall.ts';
import { scriptEnvironment, type ScriptReason, type ScriptStatistics } from './script-environment.ts';
import { fillTemplate, runProgram } from './scripts.ts';
import { normalRoutes } from './session-settings.ts';

export function runSessionScript(
  main: Main,
  session: Session,
  reason: ScriptReason,
  statistics?: ScriptStatistics,
): Promise<boolean> {
  const program = globalSettings(main)[`${reason}-script`];
  if (program === undefined || program === '') return Promise.resolve(true);
  const { connection, settings } = session;
  const environment = scriptEnvironment(
    reason,
    {
      ...session,
      id: connection.id,
      device: session.device.name,
      remoteAddress: connection.remote.address,
      localAddress: connection.local.address,
      routes: normalRoutes(settings.route),
      noRoutes: normalRoutes(settings['no-route']),
      dns: settings.dns,
      isRestrictedToRoutes: isRestrictedToRoutes(settings),
      ports: parsePortRules(settings['restrict-user-to-ports']) ?? { deny: false, rules: [] },
    },
    statistics,
  );
  const log = connectionLog(main, connection);
  const signal = reason === 'connect' ? session.connecting.signal : undefined;
  const run = session.scripts.then(() => runProgram({ argv: [program], environment, log, signal }));
  session.scripts = run;
  return run;
}

/** Adds or removes the networks behind the client. On a failing add the ones already there are removed again. */
export async function changeIroutes(main: Main, session: Session, change: 'add' | 'del'): Promise<boolean> {
  const template = globalSettings(main)[`route-${change}-cmd`];
  if (template === undefined || session.settings.iroute.length === 0) return true;
  const log = connectionLog(main, session.connection);
  const environment = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C' };
  for (const iroute of session.settings.iroute) {
    const network = parseNetwork(iroute);
    const argv =
      network === undefined
        ? undefined
        : fillTemplate(template, {
            R: formatRoute(network),
            RI: formatCidr(network),
            D: session.device.name,
          });
    const isDone = argv !== undefined && (await runProgram({ argv, environment, log }));
    if (isDone || change === 'del') continue;
    log.error(`cannot add iroute ${iroute}`);
    await changeIroutes(main, session, 'del');
    return false;
  }
  return true;
}
