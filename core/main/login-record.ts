// use-utmp: who is connected, for who(1) and last(1). Called by open-session.ts and close-session.ts.
import { recordLogin } from '../native/index.ts';
import { globalSettings, type Main, type Session } from './context.ts';

/** A login is recorded when the option is on; its end whenever the login was. */
export function noteLogin(main: Main, session: Session, isLogin: boolean): void {
  if (isLogin ? !globalSettings(main)['use-utmp'] : !session.isRecorded) return;
  session.isRecorded = isLogin;
  const { connection, device, username } = session;
  recordLogin({
    isLogin,
    line: device.name,
    pid: connection.worker.pid,
    user: username,
    host: connection.remote.address,
  });
}
