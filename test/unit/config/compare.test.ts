import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareConfigurations, type Configuration } from '../../../core/config/index.ts';
import { load } from './support.ts';

function configuration(lines: string): Configuration {
  const { configuration: found } = load(lines);
  assert.ok(found);
  return found;
}

test('what only a restart can change keeps its running value and is named', () => {
  const result = compareConfigurations(configuration('dpd = 1'), configuration('dpd = 2\ntcp-port = 444'));
  assert.deepEqual(result.needsRestart, ['tcp-port']);
  assert.deepEqual(result.changed, ['dpd']);
  assert.equal(result.configuration.hosts[0]?.settings['tcp-port'], 443);
  assert.equal(result.configuration.hosts[0]?.settings.dpd, 2);
});

test('the same file changes nothing', () => {
  const { needsRestart, changed } = compareConfigurations(configuration('dpd = 1'), configuration('dpd = 1'));
  assert.deepEqual([needsRestart, changed], [[], []]);
});

test('a new virtual host has its own certificate and the running global options', () => {
  const result = compareConfigurations(
    configuration(''),
    configuration('tcp-port = 444\n[vhost:a]\nserver-cert = /a\nserver-key = /b'),
  );
  assert.deepEqual(result.configuration.hosts[1]?.settings['server-cert'], ['/a']);
  assert.equal(result.configuration.hosts[1]?.settings['tcp-port'], 443);
  assert.deepEqual(result.needsRestart, ['tcp-port']);
});

test('a removed virtual host is gone', () => {
  const result = compareConfigurations(configuration('[vhost:a]\ndpd = 1'), configuration(''));
  assert.equal(result.configuration.hosts.length, 1);
});
