// The administrator's scripts: what they are told, and what a failing or hanging one does.
import assert from 'node:assert/strict';
import { chmod, mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { run, until } from '../support/command.ts';
import { Scene } from '../support/scene.ts';

const reasons = ['connect', 'host-update', 'disconnect'] as const;

test('scripts get the whole environment; one that fails or hangs refuses the one client', async () => {
  await using scene = await Scene.open({
    clients: 3,
    users: {
      alice: { password: 'secret', groups: 'staff' },
      bob: { password: 'secret' },
      carol: { password: 'secret' },
      dave: { password: 'secret' },
    },
    config: (folder) =>
      [
        ...reasons.map((reason) => `${reason}-script = ${folder}/script`),
        ...['route = 10.1.0.0/16', 'route = fd11::/48', 'no-route = 10.1.2.0/24'],
        ...['dns = 192.168.77.1', 'dns = fda9:77::1'],
      ].join('\n'),
    async prepare({ folder }) {
      await mkdir(path.join(folder, 'called'));
      const script = `#!/bin/sh
env >${folder}/called/$USERNAME.$REASON
echo "$USERNAME says $REASON"
case $USERNAME.$REASON in
bob.connect) exit 3 ;;
carol.connect | dave.connect)
  echo $$ >${folder}/$USERNAME.pid
  sleep 120
  ;;
esac
`;
      await writeFile(path.join(folder, 'script'), script);
      await chmod(path.join(folder, 'script'), 0o700);
    },
  });
  const { site } = scene;
  const called = (): Promise<string[]> => readdir(path.join(site.folder, 'called'));
  const environment = async (user: string, reason: string): Promise<Record<string, string>> => {
    const text = await until(`${reason} of ${user}`, () => {
      return readFile(path.join(site.folder, 'called', `${user}.${reason}`), 'utf8').catch(() => undefined);
    });
    const pairs = text
      .trim()
      .split('\n')
      .map((line) => [line.split('=')[0] ?? '', line.slice(line.indexOf('=') + 1)] as const)
      // The shell's own.
      .filter(([name]) => !['PWD', 'OLDPWD', 'SHLVL', '_'].includes(name));
    return Object.fromEntries(pairs);
  };

  /** Processes of the script that still run; those that ended and wait for their parent do not count. */
  const running = async (user: string): Promise<number> => {
    const pid = (await readFile(path.join(site.folder, `${user}.pid`), 'utf8')).trim();
    const { stdout } = await run(['ps', '-o', 'stat=', '-s', pid]);
    return stdout.split('\n').filter((state) => state !== '' && !state.startsWith('Z')).length;
  };

  const hanging = scene.refused({ user: 'carol', from: 2 });
  // Awaited at the end; what fails before is to be the failure that is told.
  hanging.catch(() => undefined);
  await environment('carol', 'connect');

  const client = await scene.connect({
    args: ['--no-dtls', '--local-hostname=laptop', '--os=android', '--useragent=agent $(touch /tmp/x) "1"'],
  });
  const [user] = await site.occtlJson<{ ID: number }[]>('show', 'user', 'alice');
  assert.ok(await client.ping('192.168.77.1'));
  const told = {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    LANG: 'C',
    ID: String(user?.ID),
    VHOST: 'default',
    USERNAME: 'alice',
    GROUPNAME: 'staff',
    HOSTNAME: 'laptop',
    REMOTE_HOSTNAME: 'laptop',
    DEVICE: 'vpns1',
    IP_REAL: '10.80.0.2',
    IP_REAL_LOCAL: '10.80.0.1',
    IP_LOCAL: '192.168.77.1',
    IP_REMOTE: await client.variable('INTERNAL_IP4_ADDRESS'),
    IPV6_LOCAL: 'fda9:77::1',
    IPV6_REMOTE: await client.variable('INTERNAL_IP6_ADDRESS'),
    IPV6_PREFIX: '128',
    USER_AGENT: 'agent $(touch /tmp/x) "1"',
    DEVICE_TYPE: 'android',
    DEVICE_PLATFORM: 'android',
    OCSERV_ROUTES: '10.1.0.0/255.255.0.0 fd11::/48 ',
    OCSERV_ROUTES4: '10.1.0.0/255.255.0.0 ',
    OCSERV_ROUTES6: 'fd11::/48 ',
    OCSERV_NO_ROUTES: '10.1.2.0/255.255.255.0 ',
    OCSERV_NO_ROUTES4: '10.1.2.0/255.255.255.0 ',
    OCSERV_DNS: '192.168.77.1 fda9:77::1 ',
    OCSERV_DNS4: '192.168.77.1 ',
    OCSERV_DNS6: 'fda9:77::1 ',
  };
  assert.deepEqual(await environment('alice', 'connect'), { ...told, REASON: 'connect' });
  assert.deepEqual(await environment('alice', 'host-update'), { ...told, REASON: 'host-update' });
  await client.leave();
  const { STATS_BYTES_IN, STATS_BYTES_OUT, STATS_DURATION, ...rest } = await environment(
    'alice',
    'disconnect',
  );
  assert.deepEqual(rest, { ...told, REASON: 'disconnect' });
  for (const bytes of [STATS_BYTES_IN, STATS_BYTES_OUT]) assert.ok(Number(bytes) >= 3 * 84, bytes);
  assert.match(STATS_DURATION ?? '', /^\d+$/);
  await site.logged(/script: alice says disconnect/);

  const cookie = await scene.logIn({ user: 'bob', from: 1 });
  assert.match(await scene.refused({ user: 'bob', from: 1, cookie }), /[Cc]ookie|401/);
  await site.logged(/script ended with status 3/);
  await site.logged(/main\[bob\].*failed authentication attempt for user 'bob'/);
  const { stdout } = await scene.network.server.run(['ip', '-br', 'link']);
  assert.doesNotMatch(stdout, /vpns1/, 'only the device of the one that hangs');
  assert.ok(!(await called()).includes('bob.disconnect'), 'what did not begin does not end');

  // Who waits for a script is disconnected without waiting for it; nothing of it goes on.
  const sentAway = scene.refused({ user: 'dave', from: 1 });
  await environment('dave', 'connect');
  assert.equal((await site.occtl('disconnect', 'user', 'dave')).status, 0);
  await sentAway;
  await environment('dave', 'disconnect');
  assert.equal(site.log().includes('runs longer than'), false, 'long before the limit');
  assert.equal(await running('dave'), 0);
  assert.equal(await running('carol'), 2, 'the shell and its sleep');

  await hanging;
  await site.logged(/script runs longer than 30 seconds; ending it/);
  assert.equal(await running('carol'), 0);
  await until('nothing to be left', async () => {
    const { stdout: devices } = await scene.network.server.run(['ip', '-br', 'link']);
    return !devices.includes('vpns');
  });
});
