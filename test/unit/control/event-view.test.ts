// `occtl show events`: the lines people's scripts match, and one JSON object per event.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventJson, eventText } from '../../../core/control/index.ts';
import type { ControlUser } from '../../../core/interfaces/index.ts';

const bob: ControlUser = {
  id: 12282,
  username: 'bob',
  state: 'connected',
  vhost: 'default',
  remoteAddress: '192.0.2.13',
  localAddress: '192.0.2.1',
  ipv4: '192.168.77.106',
  dpd: 90,
  keepalive: 32400,
  connectedAt: 1000,
  sessionStartedAt: 1000,
  dns: [],
  nbns: [],
  splitDns: [],
  routes: [],
  noRoutes: [],
  iroutes: [],
  restrictedToRoutes: false,
  restrictedToPorts: [],
};

const head = { number: 17, time: 1003 };

test('a name with control characters cannot begin a line or command the terminal', () => {
  const text = eventText(
    { ...head, kind: 'connect', user: { ...bob, username: 'x\n\u001b[2J\u009b' } },
    1000,
  );
  assert.match(text, /^[^\u0000-\u001f\u007f-\u009f]+\n$/);
});

test('connect and disconnect are the lines of the C tool', () => {
  const line = (verb: string): string =>
    `default: ${verb} user 'bob' (12282) from 192.0.2.13 with IP 192.168.77.106`;
  assert.equal(eventText({ ...head, kind: 'connect', user: bob }, 1000), `${line('connected')}\n`);
  assert.equal(
    eventText({ ...head, kind: 'disconnect', user: bob, reason: 'server disconnected', seconds: 3 }, 1003),
    `${line('disconnect')} (reason: server disconnected, time:     3s)\n`,
  );
  assert.equal(
    eventText({ ...head, kind: 'disconnect', user: bob }, 1003),
    `${line('disconnect')} (reason: unknown, time:     0s)\n`,
  );
});

test('the list is the users table and the way out', () => {
  assert.equal(eventText({ ...head, kind: 'list', users: [] }, 1000), "\nPress 'q' or CTRL+C to quit\n\n");
  assert.equal(
    eventText({ ...head, kind: 'list', users: [bob] }, 1004),
    '      id     user    vhost             ip         vpn-ip device   since    dtls-cipher    status\n' +
      '   12282      bob  default     192.0.2.13 192.168.77.106            4s      (no-dtls) connected\n' +
      "\nPress 'q' or CTRL+C to quit\n\n",
  );
});

test('an event in JSON names its kind first, then number and time, and describes the user as show users does', () => {
  const numbered = { number: 17, timestamp: 1003 };
  assert.deepEqual(eventJson({ ...head, kind: 'list', users: [] }, 1000), {
    event: 'list',
    ...numbered,
    users: [],
  });
  assert.deepEqual(eventJson({ ...head, kind: 'list', users: [], missed: true }, 1000), {
    event: 'list',
    ...numbered,
    missed: true,
    users: [],
  });
  const json = eventJson(
    { ...head, kind: 'disconnect', user: bob, reason: 'idle timeout', seconds: 3 },
    1003,
  );
  assert.deepEqual(Object.keys(json), ['event', 'number', 'timestamp', 'reason', 'time', 'user']);
  assert.equal((json['user'] as Record<string, unknown>)['ID'], 12282);
});
