import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  loginFormDocument,
  messages,
  promptDocument,
  promptMessage,
  successDocument,
} from '../../../core/protocol/index.ts';

const form = {
  bare: false,
  banner: undefined,
  message: messages.credentials,
  asksCredentials: true,
  groups: [],
};

test('the plain login form is the recorded 379 bytes', () => {
  const document = loginFormDocument(form);
  assert.equal(
    document,
    `<?xml version="1.0" encoding="UTF-8"?>
<config-auth client="vpn" type="auth-request">
<version who="sg">0.1(1)</version>
<auth id="main">
<message>Please enter your username and password.</message>
<form method="post" action="/auth">
<input type="text" name="username" label="Username:" />
<input type="password" name="password" label="Password:" />
</form></auth>
</config-auth>`,
  );
  assert.equal(Buffer.byteLength(document), 379);
});

test('banner and groups stand where clients look for them, escaped', () => {
  assert.equal(
    loginFormDocument({
      ...form,
      banner: 'No <entry> & "stay" out',
      groups: [{ label: 'DEFAULT' }, { value: 'staff', label: 'staff' }, { value: 'r&d', label: 'R&D' }],
    }),
    `<?xml version="1.0" encoding="UTF-8"?>
<config-auth client="vpn" type="auth-request">
<version who="sg">0.1(1)</version>
<auth id="main">
<banner>No &lt;entry&gt; &amp; &quot;stay&quot; out</banner><message>Please enter your username and password.</message>
<form method="post" action="/auth">
<input type="text" name="username" label="Username:" />
<input type="password" name="password" label="Password:" />
<select name="group_list" label="Group:">
<option>DEFAULT</option>
<option value="staff">staff</option>
<option value="r&amp;d">R&amp;D</option>
</select>
</form></auth>
</config-auth>`,
  );
});

test('openconnect 3 gets the bare document, its second round has its own id', () => {
  assert.equal(
    loginFormDocument({ ...form, bare: true }),
    `<?xml version="1.0" encoding="UTF-8"?>
<auth id="main">
<message>Please enter your username and password.</message>
<form method="post" action="/auth">
<input type="text" name="username" label="Username:" />
<input type="password" name="password" label="Password:" />
</form></auth>
`,
  );
  assert.match(promptDocument({ bare: true, message: 'x', promptNumber: 0 }), /\n<auth id="passwd">\n/);
  assert.equal(
    successDocument({ bare: true, banner: undefined }),
    '<?xml version="1.0" encoding="UTF-8"?>\n<auth id="success">\n<title>SSL VPN Service</title></auth>\n',
  );
});

test('the first question is the password, later ones are numbered', () => {
  assert.match(
    promptDocument({ bare: false, message: 'PROMPT', promptNumber: 0 }),
    /<auth id="main">\n<message>PROMPT<\/message>\n<form method="post" action="\/auth">\n<input type="password" name="password" label="Password:" \/>\n<\/form><\/auth>\n<\/config-auth>$/,
  );
  assert.match(
    promptDocument({ bare: false, message: 'PROMPT', promptNumber: 2 }),
    /<input type="password" name="secondary_password" label="Password2:" \/>/,
  );
});

test('a prompt that only says "Password:" becomes a sentence', () => {
  for (const prompt of [undefined, '', 'Password:', 'PASSWORD: please']) {
    assert.equal(promptMessage(prompt), 'Please enter your password.');
  }
  assert.equal(
    promptMessage('Login failed.\nPlease enter your password.'),
    'Login failed.\nPlease enter your password.',
  );
});

test('a profile stands behind the login in a manifest of its own', () => {
  const profile = { name: 'a&b.xml', sha1: '0123456789ABCDEF0123456789ABCDEF01234567' };
  assert.equal(
    successDocument({ bare: false, banner: undefined, profile }),
    `<?xml version="1.0" encoding="UTF-8"?>
<config-auth client="vpn" type="complete">
<version who="sg">0.1(1)</version>
<auth id="success">
<title>SSL VPN Service</title></auth>
<config client="vpn" type="private"><vpn-profile-manifest><vpn rev="1.0"><file type="profile" service-type="user"><uri>/profiles/a&amp;b.xml</uri><hash type="sha1">0123456789ABCDEF0123456789ABCDEF01234567</hash></file></vpn></vpn-profile-manifest>
</config></config-auth>
`,
  );
  // openconnect 3 knows the bare document alone.
  assert.doesNotMatch(successDocument({ bare: true, banner: undefined, profile }), /profile/);
});

test('the success document is the recorded 189 bytes, with the banner after the title', () => {
  const document = successDocument({ bare: false, banner: undefined });
  assert.equal(
    document,
    `<?xml version="1.0" encoding="UTF-8"?>
<config-auth client="vpn" type="complete">
<version who="sg">0.1(1)</version>
<auth id="success">
<title>SSL VPN Service</title></auth></config-auth>
`,
  );
  assert.equal(Buffer.byteLength(document), 189);
  assert.match(
    successDocument({ bare: false, banner: 'Hi <3' }),
    /<\/title><banner>Hi &lt;3<\/banner><\/auth><\/config-auth>\n$/,
  );
});
