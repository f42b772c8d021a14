import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseSlot, type SlotFacts } from '../../../core/worker/slots.ts';

const choose = (auth: string[], enableAuth: string[], facts: Partial<SlotFacts> = {}) =>
  chooseSlot(
    { auth, 'enable-auth': enableAuth },
    { hasCertificate: false, wantsHttpAuth: false, hasBearerToken: false, failed: new Set(), ...facts },
  );

test('a login begins with slot 0, with a certificate in the first slot that has use for it', () => {
  assert.equal(choose(['plain'], ['certificate'])?.index, 0);
  assert.equal(choose(['plain'], ['gssapi', 'certificate'], { hasCertificate: true })?.index, 2);
  assert.equal(choose(['certificate', 'plain'], ['certificate'], { hasCertificate: true })?.index, 0);
});

test('without a certificate the slots that need one are passed over', () => {
  assert.equal(choose(['certificate'], ['plain', 'gssapi'])?.index, 1);
  assert.equal(choose(['certificate', 'plain'], ['certificate', 'gssapi'])?.index, 2);
  assert.deepEqual(choose(['certificate', 'plain'], ['certificate']), {
    index: 0,
    methods: ['certificate', 'plain'],
    lacksCertificate: true,
  });
});

test('HTTP authentication is taken where it is offered, but not in place of a certificate', () => {
  const facts = { wantsHttpAuth: true };
  assert.equal(choose(['plain'], ['gssapi'], facts)?.index, 1);
  assert.equal(choose(['plain'], ['oidc'], facts)?.index, 1);
  assert.equal(choose(['plain'], ['oidc', 'gssapi'], facts)?.index, 2);
  assert.equal(choose(['plain'], ['certificate', 'gssapi'], { ...facts, hasCertificate: true })?.index, 1);
});

test('a client that says nothing of HTTP authentication gets a form where there is one', () => {
  assert.equal(choose(['gssapi'], ['plain'])?.index, 1);
  assert.equal(choose(['certificate'], ['gssapi', 'plain'])?.index, 2);
  assert.equal(choose(['gssapi'], [])?.index, 0);
  assert.equal(choose(['gssapi'], ['plain'], { wantsHttpAuth: true })?.index, 0);
});

test('a slot that has failed makes room for the next', () => {
  assert.equal(choose(['gssapi'], ['plain'], { failed: new Set([0]) })?.index, 1);
  assert.equal(choose(['gssapi'], ['plain'], { failed: new Set([0, 1]) }), undefined);
});

test('a bearer token goes where tokens are taken, but not in place of a certificate', () => {
  const facts = { hasBearerToken: true };
  assert.equal(choose(['plain'], ['gssapi', 'oidc'], facts)?.index, 2);
  assert.equal(choose(['plain'], ['gssapi', 'oidc'], { ...facts, wantsHttpAuth: true })?.index, 2);
  assert.equal(choose(['plain'], ['gssapi'], facts)?.index, 0);
  assert.equal(choose(['certificate'], ['oidc'], facts)?.index, 1);
  assert.equal(choose(['certificate'], ['oidc'], { ...facts, hasCertificate: true })?.index, 0);
});
