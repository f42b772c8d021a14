// A server whose logins and accounting go to FreeRADIUS, which also supplies the settings of sessions. For the stories
// of accounting.
import assert from 'node:assert/strict';
import { writeRadiusClient, type AccountingRecord } from './radius.ts';
import { Scene } from './scene.ts';

export const users = `
alice Cleartext-Password := "planted-password"
	Class = "OU=staff",
	Acct-Interim-Interval = 2,
	Framed-IP-Address = 192.168.77.55
`;
export const password = 'planted-password';

/** Logins by RADIUS, which supplies the settings, and accounting; cookies are short-lived. */
export function openAccounted(config = ''): Promise<Scene> {
  return Scene.open({
    config: (folder) =>
      [
        `auth = "radius[config=${folder}/radiusclient.conf,groupconfig=true]"`,
        `acct = "radius[config=${folder}/radiusclient.conf,nas-identifier=gate]"`,
        'log-level = 9',
        config,
      ].join('\n'),
    async prepare(site) {
      await writeRadiusClient(site.folder, { timeout: 1, retries: 0 });
    },
  });
}

/** The kinds of a session's records, in order, and the session they all name. */
export function story(records: readonly AccountingRecord[]): string[] {
  const ids = new Set(records.map((record) => record['Acct-Session-Id']));
  assert.equal(ids.size, 1, JSON.stringify(records));
  return records.map((record) => record['Acct-Status-Type'] ?? '');
}
