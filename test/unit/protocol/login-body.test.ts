import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bodyLimitBytes, fieldLimitBytes, parseLoginBody } from '../../../core/protocol/index.ts';

const parse = (text: string) => parseLoginBody(Buffer.from(text)).fields;
const mistakeOf = (body: string | Uint8Array) => parseLoginBody(Buffer.from(body as string)).mistake;
const reply = (inner: string) =>
  `<?xml version="1.0" encoding="UTF-8"?><config-auth client="vpn" type="auth-reply">${inner}</config-auth>`;

test('malformed and hostile XML has no fields', () => {
  const auth = '<auth><username>a</username><password>b</password></auth>';
  const refused = [
    '<?xml',
    '<?xml version="1.0"?>',
    '<?xml version="1.0"?><config-auth><auth><username>a</username>',
    '<?xml version="1.0"?><config-auth><auth><username>a</auth></username></config-auth>',
    `<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e "v">]>${auth}`,
    `<?xml version="1.0"?><!DOCTYPE x SYSTEM "file:///etc/passwd">${auth}`,
    reply('<auth><username>&e;</username></auth>'),
    reply('<auth><username>&#0;</username></auth>'),
    reply(`<auth><username>a</username><password>${'p'.repeat(fieldLimitBytes + 1)}</password></auth>`),
    reply(auth + '<a>'.repeat(20) + '</a>'.repeat(20)),
    reply(auth + '<a/>'.repeat(1001)),
    reply(auth) + reply(auth),
  ];
  for (const text of refused) assert.deepEqual(parse(text), {}, text.slice(0, 100));
  assert.deepEqual(parseLoginBody(Buffer.from([...Buffer.from(reply(auth)), 0xff])).fields, {});
});

test('a body of the limit is read, one byte more is not', () => {
  const form = 'username=u&password=p&pad=';
  assert.deepEqual(parse(form.padEnd(bodyLimitBytes, 'x')), { username: 'u', password: 'p' });
  assert.deepEqual(parse(form.padEnd(bodyLimitBytes + 1, 'x')), {});
});

test('fields are found by name below config-auth/auth, the first of each counts', () => {
  assert.deepEqual(
    parse(
      reply(
        '<version who="vpn">v9.21-5</version><device-id>linux-64</device-id><auth><username>alice</username>' +
          '<password>s&lt;3cr&#233;t&amp;&#x263A;&nbsp;</password><password>other</password></auth>' +
          '<group-select>dev</group-select>',
      ),
    ),
    { username: 'alice', password: 's<3cré​t&☺ '.replace('​', ''), group: 'dev' },
  );
});

test('password elements go by several names and may carry attributes', () => {
  for (const name of ['password', 'password1', 'secondary_password', 'Password']) {
    assert.deepEqual(parse(reply(`<auth><${name} x="y">p</${name}></auth>`)), { password: 'p' }, name);
  }
});

test('an empty element is an empty value, white space and CDATA are kept', () => {
  assert.deepEqual(parse(reply('<auth><username></username><password/></auth>')), {
    username: '',
    password: '',
  });
  assert.deepEqual(parse(reply('<auth><password> <![CDATA[<&>]]> </password></auth>')), {
    password: ' <&> ',
  });
});

test('names elsewhere in the document are not taken', () => {
  assert.deepEqual(parse(reply('<opaque><username>x</username><password>y</password></opaque>')), {});
  assert.deepEqual(parse(reply('<auth><deep><password>y</password></deep></auth>')), {});
  assert.deepEqual(parse(reply('<username>x</username>')), {});
});

test('clients older than config-auth post the fields below another root', () => {
  assert.deepEqual(
    parse(
      '<?xml version="1.0"?>\n<auth><username>a</username><password>b</password><group-select>g</group-select></auth>\n',
    ),
    { username: 'a', password: 'b', group: 'g' },
  );
});

test('XML is recognised by content, whatever stands before it', () => {
  assert.deepEqual(parse('\ufeff \n' + reply('<auth><username>a</username></auth>')), { username: 'a' });
});

test('urlencoded forms: percent signs and plus are decoded, keys in any case and escaped', () => {
  assert.deepEqual(parse('username=al+ice&password=p%26%3D%2B%c3%a9&group%5flist=dev'), {
    username: 'al ice',
    password: 'p&=+é',
    group: 'dev',
  });
  assert.deepEqual(parse('group_list=g&USERNAME=u&secondary_password=s&password=late'), {
    group: 'g',
    username: 'u',
    password: 's',
  });
  assert.deepEqual(parse('username=&password='), { username: '', password: '' });
  assert.deepEqual(parse('username=u\r\n'), { username: 'u' });
});

test('a bad escape loses its field, a flood of pairs the whole form', () => {
  for (const bad of ['%', '%4', '%zz', 'a%', '%ff']) {
    assert.deepEqual(parse(`username=u&password=${bad}`), { username: 'u' }, bad);
  }
  assert.deepEqual(parse('a=b&'.repeat(199) + 'username=u'), { username: 'u' });
  assert.deepEqual(parse('a=b&'.repeat(200) + 'username=u'), {});
  assert.deepEqual(parse(''), {});
  assert.deepEqual(parse('username'), {});
  assert.deepEqual(parse(`username=${'u'.repeat(fieldLimitBytes)}`).username?.length, fieldLimitBytes);
  assert.deepEqual(parse(`username=${'u'.repeat(fieldLimitBytes + 1)}`), {});
});

test('what is wrong with a body is said in words that quote nothing of it', () => {
  const secret = 'hunter2';
  const table: [string | Uint8Array, string][] = [
    [`<?xml version="1.0"?><a></${secret}>`, 'line 1, column 34: unexpected close tag'],
    [`<?xml version="1.0"?><a><${secret}>`, 'line 1, column 33: unclosed tag'],
    [`<?xml version="1.0"?><a>&${secret};</a>`, 'line 1, column 33: undefined entity'],
    [`<?xml version="1.0"?><a ${secret}="1" ${secret}="2"/>`, 'line 1, column 49: duplicate attribute'],
    ['<?xml version="1.0"?><!DOCTYPE a><a/>', 'a document type definition is not accepted'],
    [reply('<a>'.repeat(20)), 'nested deeper than 16 levels'],
    [reply('<a/>'.repeat(1001)), 'more than 1000 elements'],
    [reply(`<auth><password>${secret.repeat(1000)}</password></auth>`), 'password longer than 4096 bytes'],
    [Buffer.from([...Buffer.from('<?xml version="1.0"?><a>'), 0xff]), 'not UTF-8'],
    [`username=${secret}&password=%z`, 'password with a bad escape'],
    [`username=${'u'.repeat(4097)}`, 'username longer than 4096 bytes'],
    ['a=b&'.repeat(200), 'more than 200 fields'],
    [`{"password": "${secret}"}`, 'neither an XML document nor a form'],
    ['\0\0\0', 'neither an XML document nor a form'],
    [Buffer.alloc(bodyLimitBytes + 1), 'longer than 262144 bytes'],
  ];
  for (const [body, expected] of table) assert.equal(mistakeOf(body), expected);
  for (const sound of ['', 'username=u&password=p', 'pad=x', 'username', reply('<x/>')]) {
    assert.equal(mistakeOf(sound), undefined, sound);
  }
});
