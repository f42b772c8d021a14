// Accounting against the detail file of a real FreeRADIUS: what is said of a session from its Start to its Stop.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openAccounted, password, story, users } from '../support/accounted-scene.ts';
import { until } from '../support/command.ts';
import { FreeRadius, radiusSecret } from '../support/radius.ts';

test('a session from its Start to its Stop: identity, counters, cause', async () => {
  await using scene = await openAccounted();
  const { site, network } = scene;
  await using radius = await FreeRadius.start({ namespace: network.server, users });
  const client = await scene.connect({ password });
  const begin = await radius.record('Start');
  const { sessionId } = /\(session: (?<sessionId>\S{6})\)/.exec(site.log())?.groups ?? {};
  assert.ok(begin['Acct-Session-Id']?.startsWith(sessionId ?? 'none'), JSON.stringify(begin));
  assert.equal(begin['Acct-Session-Id']?.length, 28);
  const { 'Event-Timestamp': _time, 'Acct-Session-Id': _id, ...rest } = begin;
  const expected = {
    'User-Name': 'alice',
    'Calling-Station-Id': '10.80.0.2',
    'NAS-Identifier': 'gate',
    'NAS-IP-Address': '10.80.0.1',
    'Framed-IP-Address': '192.168.77.55',
    'Service-Type': 'Framed-User',
    'Framed-Protocol': 'PPP',
    'Acct-Authentic': 'RADIUS',
    'Acct-Delay-Time': '0',
    Class: '0x4f553d7374616666',
  };
  assert.deepEqual({ ...rest, ...expected }, rest);
  assert.match(rest['Connect-Info'] ?? '', /AnyConnect/);

  assert.ok(await client.ping('192.168.77.1', { count: 5, bytes: 1000 }));
  await until('an update with counters', async () =>
    (await radius.records()).some(
      (record) =>
        record['Acct-Status-Type'] === 'Interim-Update' && Number(record['Acct-Input-Octets']) > 5000,
    ),
  );
  await client.leave();
  const stop = await radius.record('Stop');
  assert.equal(stop['Acct-Terminate-Cause'], 'User-Request');
  // Five requests and five replies of 1028 bytes with their IP heads, and little else.
  for (const name of ['Acct-Input-Octets', 'Acct-Output-Octets']) {
    assert.ok(Number(stop[name]) >= 5140 && Number(stop[name]) < 12_000, `${name} ${String(stop[name])}`);
  }
  assert.deepEqual([stop['Acct-Input-Gigawords'], stop['Acct-Output-Gigawords']], ['0', '0']);
  assert.ok(Number(stop['Acct-Session-Time']) >= 1);
  assert.equal(stop['Class'], '0x4f553d7374616666');
  const kinds = story(await radius.records());
  assert.deepEqual(
    [kinds[0], kinds.at(-1), kinds.filter((kind) => kind === 'Stop').length],
    ['Start', 'Stop', 1],
  );
  await site.stop();
  assert.doesNotMatch(site.log(), new RegExp(`planted|${radiusSecret}`));
});

test('ends have their cause: a disconnect by occtl, a session time limit', async () => {
  await using scene = await openAccounted();
  const { site, network } = scene;
  const limited = `${users}\nbrief Cleartext-Password := "planted-password"\n\tSession-Timeout = 3\n`;
  await using radius = await FreeRadius.start({ namespace: network.server, users: limited });
  await scene.connect({ password });
  await radius.record('Start', 'alice');
  await site.occtl('disconnect', 'user', 'alice');
  assert.equal((await radius.record('Stop', 'alice'))['Acct-Terminate-Cause'], 'Admin-Reset');
  await scene.connect({ user: 'brief', password });
  assert.equal((await radius.record('Stop', 'brief', 20_000))['Acct-Terminate-Cause'], 'Session-Timeout');
});
