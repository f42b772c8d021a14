// Which methods may stand together in auth (all of them) and enable-auth (any of them).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { complete, load, messages } from './support.ts';

const names = ['certificate', 'plain', 'pam', 'radius', 'gssapi', 'oidc'] as const;
type Name = (typeof names)[number];
const suboptions: Readonly<Record<Name, string>> = {
  certificate: '',
  plain: '[passwd=/p]',
  pam: '',
  radius: '[config=/r]',
  gssapi: '',
  oidc: '[config=/o]',
};
const passwords: ReadonlySet<Name> = new Set<Name>(['plain', 'pam', 'radius']);

/** Single methods, pairs and triples in every order of the table, a method with itself among the pairs. */
function combinations(): Name[][] {
  const pairs = names.flatMap((one, at) => names.slice(at).map((other) => [one, other]));
  const triples = names.flatMap((one, first) =>
    names
      .slice(first + 1)
      .flatMap((two, second) => names.slice(first + second + 2).map((three) => [one, two, three])),
  );
  return [...names.map((name) => [name]), ...pairs, ...triples];
}

function refusalOf(auth: readonly Name[], alternatives: readonly Name[]): string | undefined {
  const lines = [
    ...auth.map((name) => `auth = "${name}${suboptions[name]}"`),
    ...alternatives.map((name) => `enable-auth = "${name}${suboptions[name]}"`),
  ];
  const rest = complete
    .split('\n')
    .filter((line) => !line.startsWith('auth'))
    .join('\n');
  const refusals = messages(lines.join('\n'), 'error', `${rest}\ncert-user-oid = 2.5.4.3\nca-cert = /ca\n`);
  return /you cannot [^;]+/.exec(refusals.join('\n'))?.[0];
}

test('every pair and triple of methods, and every alternative to it, is allowed or refused as it must be', () => {
  for (const auth of combinations()) {
    for (const alternatives of [[], ...combinations()]) {
      const others = auth.filter((name) => name !== 'certificate');
      const asking = [...auth, ...alternatives].filter((name) => passwords.has(name));
      const found = refusalOf(auth, alternatives);
      const where = `auth ${auth.join(', ')}; enable-auth ${alternatives.join(', ')}`;
      if (others.length > 1)
        assert.equal(
          found,
          `you cannot mix multiple authentication methods of ${String(others[1])} type`,
          where,
        );
      else if (alternatives.length > 2)
        assert.equal(found, 'you cannot enable more than 4 authentication methods', where);
      else if (asking.length > 1)
        assert.equal(found, 'you cannot mix multiple password authentication methods', where);
      else assert.equal(found, undefined, where);
    }
  }
});

test('certificates need to be told whom they name and who may issue them', () => {
  const asked = ['auth = certificate', 'enable-auth = certificate'];
  for (const line of asked) {
    assert.match(messages(line, 'error').join(), /'cert-user-oid' is not set/);
    assert.match(
      messages(`${line}\ncert-user-oid = 2.5.4.3`, 'error').join(),
      /without 'ca-cert'.*expected ca-cert = FILE/,
    );
    assert.ok(load(`${line}\ncert-user-oid = SAN(rfc822name)\nca-cert = /ca`).configuration !== undefined);
    assert.equal(load(`${line}\ncert-user-oid = UID\nca-cert = /ca`).configuration, undefined);
  }
});
