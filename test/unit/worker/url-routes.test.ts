import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findRoute } from '../../../core/worker/url-routes.ts';

const kdcPaths = ['/KdcProxy', '/other/kdc'];
const names = (method: string, target: string, isIdle = true, groupByUrl = false) =>
  findRoute(method, target, { isIdle, groupByUrl, kdcPaths }).name;

test('what is not in the table is not found', () => {
  const refused: [string, string][] = [
    ['GET', ''],
    ['GET', '/authx'],
    ['GET', '/../auth'],
    ['GET', '/%61uth'],
    ['GET', '/AUTH'],
    ['GET', '/+CSCOE+/logon.html'],
    ['GET', '/+CSCOT+/other'],
    ['GET', '/cert.pem'],
    ['GET', '/CSCOSSLC/tunnel'],
    ['GET', '/favicon.ico'],
    ['GET', '/group'],
    ['GET', 'http://host/auth'],
    ['POST', '/svc/x'],
    ['POST', '/profiles'],
    ['HEAD', '/'],
    ['PUT', '/auth'],
    ['OPTIONS', '*'],
    ['DELETE', '/'],
  ];
  for (const [method, target] of refused)
    assert.equal(names(method, target), 'notFound', `${method} ${target}`);
});

test('phones and profiles have paths of their own', () => {
  for (const target of ['/svc', '/svc/', '/svc?x']) assert.equal(names('GET', target), 'phoneForm', target);
  for (const target of ['/svc', '/svc?x']) assert.equal(names('POST', target, false), 'phoneLogin', target);
  for (const target of ['/profiles', '/profiles/x.xml', '/profiles//etc/x.xml', '/profilesx']) {
    assert.equal(names('GET', target), 'profile', target);
  }
});

test('login paths answer with or without something behind them', () => {
  for (const target of ['/', '/?abc', '/auth', '/auth/x', '/auth?x', '/VPN', '/VPN/']) {
    assert.equal(names('GET', target), 'loginForm', target);
  }
  for (const target of ['/', '/auth', '/auth?x', '/VPN'])
    assert.equal(names('POST', target, false), 'login', target);
});

test('other paths take a login only before one has begun', () => {
  for (const target of ['/+webvpn+/index.html', '/group', '/logout']) {
    assert.equal(names('POST', target), 'login', target);
    assert.equal(names('POST', target, false), 'notFound', target);
  }
});

test('a path names a group where the configuration says so', () => {
  const group = (target: string, groupByUrl: boolean) => {
    const route = findRoute('POST', target, { isIdle: true, groupByUrl, kdcPaths });
    return route.name === 'login' ? route.group : 'no login';
  };
  assert.equal(group('/staff', true), 'staff');
  assert.equal(group('/st%61ff?x', true), 'st%61ff?x');
  assert.equal(group('/staff', false), undefined);
  assert.equal(group('/auth', true), undefined);
  assert.equal(group('/', true), undefined);
});

test('the fixed documents are served', () => {
  for (const target of [
    '/logout',
    '/1/Linux',
    '/VPNManifest.xml',
    '/+CSCOT+/translation-table?textdomain=x',
  ]) {
    assert.equal(names('GET', target), 'document', target);
  }
});

test('requests for a KDC: to the whole path of a row, in any state of the login, by POST alone', () => {
  for (const target of kdcPaths) {
    for (const isIdle of [true, false]) {
      assert.deepEqual(findRoute('POST', target, { isIdle, groupByUrl: true, kdcPaths }), {
        name: 'kdcProxy',
        path: target,
      });
    }
    for (const method of ['GET', 'HEAD', 'PUT']) assert.equal(names(method, target), 'notFound', method);
  }
  for (const target of [
    '/KdcProxy/',
    '/KdcProxy?x',
    '/kdcproxy',
    '//KdcProxy',
    '/KdcProxy/../KdcProxy',
    '/other',
  ]) {
    assert.equal(names('POST', target, false), 'notFound', target);
    assert.equal(names('POST', target), 'login', target);
  }
  assert.equal(
    findRoute('POST', '/KdcProxy', { isIdle: false, groupByUrl: false, kdcPaths: [] }).name,
    'notFound',
  );
});
