// occtl's command line as people and scripts write it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { helpLines, parseArguments, parseLine } from '../../../commands/base/occtl-grammar.ts';

test('anything after stop or reload is refused, since it may be a question', () => {
  for (const line of ['stop whatever', 'stop now please', 'reload xyz']) {
    assert.equal(parseLine(line).kind, 'refused', line);
  }
  assert.equal(parseLine('stop ?').kind, 'help');
  assert.equal(parseLine('stop').kind, 'command');
  assert.equal(parseLine('stop now').kind, 'command');
});

test('abbreviations are not executed: they list what they could mean', () => {
  const parsed = parseLine('show us');
  assert.ok(parsed.kind === 'help');
  assert.deepEqual(
    parsed.commands.map((command) => command.words),
    ['show users', 'show user'],
  );
  assert.deepEqual(parseLine('frobnicate'), { kind: 'unknown', text: 'frobnicate' });
});

const accepted: readonly (readonly [string, string, string])[] = [
  ['show users', 'show:users', ''],
  ['  SHOW   Users ', 'show:users', ''],
  ['show users -o json', 'show:users', ''],
  ['show user alice', 'show:user', 'alice'],
  ['show user Bob Smith', 'show:user', 'Bob Smith'],
  ['show useralice', 'show:user', 'alice'],
  ['show ID12', 'show:id', '12'],
  ['show ip bans', 'show:ip:bans', ''],
  ['show ip bans points', 'show:ip:ban:points', ''],
  ['show ip ban points', 'show:ip:ban:points', ''],
  ['show cookies valid', 'show:sessions:valid', ''],
  ['show session 172tOy', 'show:session', '172tOy'],
  ['terminate session +/=', 'terminate:session', '+/='],
  ['unban ip 192.0.2.1', 'unban:ip', '192.0.2.1'],
];
for (const [line, id, argument] of accepted) {
  test(`"${line}" is ${id}`, () => {
    const parsed = parseLine(line);
    assert.ok(parsed.kind === 'command', parsed.kind);
    assert.equal(parsed.command.id, id);
    assert.equal(parsed.argument, argument);
  });
}

test('a command without its argument shows its usage', () => {
  const parsed = parseLine('show id');
  assert.ok(parsed.kind === 'help');
  assert.equal(helpLines(parsed.commands), '      show id ID\t  One connection\n');
});

test('options are accepted before and after the words, in every spelling', () => {
  const spellings: readonly (readonly string[])[] = [
    ['-s', '/x', '-j', '-n', 'show', 'users'],
    ['--socket-file', '/x', '--json', '--no-pager', 'show', 'users'],
    ['--socket-file=/x', 'show', 'users', '--js', '-n'],
    ['show', 'users', '-jns', '/x'],
    ['-jns/x', 'show', 'users'],
  ];
  for (const given of spellings) {
    const parsed = parseArguments(given);
    assert.ok(parsed.ok, given.join(' '));
    assert.equal(parsed.words, 'show users');
    assert.deepEqual(
      [parsed.options.socketFile, parsed.options.json, parsed.options.noPager],
      ['/x', true, true],
      given.join(' '),
    );
  }
});

test('what is no option, or lacks its value, is said', () => {
  assert.deepEqual(parseArguments(['-x']), { ok: false, problem: 'unknown option "-x"' });
  assert.deepEqual(parseArguments(['--frob']), { ok: false, problem: 'unknown option "--frob"' });
  assert.deepEqual(parseArguments(['-s']), {
    ok: false,
    problem: 'option --socket-file (-s) needs a file name',
  });
});

test('words after -- are words, whatever they look like', () => {
  const parsed = parseArguments(['show', 'user', '--', '-j']);
  assert.ok(parsed.ok);
  assert.equal(parsed.words, 'show user -j');
  assert.equal(parsed.options.json, false);
});
