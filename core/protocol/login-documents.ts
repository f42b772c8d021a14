// The XML documents of the login dialogue, byte by byte as clients have known them for years.
// Called by the worker's dialogue; pure.
import { escapeXml } from './xml.ts';

export interface GroupChoice {
  /** Sent back by the client; absent = the text itself, which stands for "no group". */
  readonly value?: string;
  readonly label: string;
}

export interface LoginFormDocument {
  /** openconnect 3 and older: no config-auth around it. */
  readonly bare: boolean;
  readonly banner: string | undefined;
  readonly message: string;
  /** Certificate logins ask for neither. */
  readonly asksCredentials: boolean;
  readonly groups: readonly GroupChoice[];
}

export interface PromptDocument {
  readonly bare: boolean;
  readonly message: string;
  /** 0 = the password; N > 0 = the N-th further question. */
  readonly promptNumber: number;
}

/** What a client may fetch under /profiles/. */
export interface AnnouncedProfile {
  /** As the administrator wrote it. */
  readonly name: string;
  /** Upper-case hexadecimal. */
  readonly sha1: string;
}

export interface SuccessDocument {
  readonly bare: boolean;
  readonly banner: string | undefined;
  readonly profile?: AnnouncedProfile | undefined;
}

export const messages = {
  credentials: 'Please enter your username and password.',
  password: 'Please enter your password.',
  group: 'Please select your group.',
} as const;

const declaration = '<?xml version="1.0" encoding="UTF-8"?>\n';
const version = '<version who="sg">0.1(1)</version>\n';

export function loginFormDocument(form: LoginFormDocument): string {
  const banner = form.banner === undefined ? '' : `<banner>${escapeXml(form.banner)}</banner>`;
  const inputs = form.asksCredentials
    ? '<input type="text" name="username" label="Username:" />\n' +
      '<input type="password" name="password" label="Password:" />\n'
    : '';
  return envelope(form.bare, 'main', banner, form.message, inputs + groupSelect(form.groups));
}

export function promptDocument(prompt: PromptDocument): string {
  const { promptNumber } = prompt;
  const input =
    promptNumber === 0
      ? '<input type="password" name="password" label="Password:" />\n'
      : `<input type="password" name="secondary_password" label="Password${promptNumber}:" />\n`;
  return envelope(prompt.bare, prompt.bare ? 'passwd' : 'main', '', prompt.message, input);
}

export function successDocument(success: SuccessDocument): string {
  const banner = success.banner === undefined ? '' : `<banner>${escapeXml(success.banner)}</banner>`;
  const auth = `<auth id="success">\n<title>SSL VPN Service</title>${banner}</auth>`;
  return success.bare
    ? `${declaration}${auth}\n`
    : `${declaration}<config-auth client="vpn" type="complete">\n${version}${auth}${manifestOf(success.profile)}</config-auth>\n`;
}

function manifestOf(profile: AnnouncedProfile | undefined): string {
  if (profile === undefined) return '';
  const file =
    `<file type="profile" service-type="user"><uri>/profiles/${escapeXml(profile.name)}</uri>` +
    `<hash type="sha1">${profile.sha1}</hash></file>`;
  return (
    '\n<config client="vpn" type="private"><vpn-profile-manifest><vpn rev="1.0">' +
    `${file}</vpn></vpn-profile-manifest>\n</config>`
  );
}

/** What the person reads above a prompt of the back end. */
export function promptMessage(prompt: string | undefined): string {
  if (prompt === undefined || prompt === '' || prompt.toLowerCase().startsWith('password:')) {
    return messages.password;
  }
  return prompt;
}

function envelope(bare: boolean, id: string, banner: string, message: string, inputs: string): string {
  const auth =
    `<auth id="${id}">\n${banner}<message>${escapeXml(message)}</message>\n` +
    `<form method="post" action="/auth">\n${inputs}</form></auth>\n`;
  return bare
    ? `${declaration}${auth}`
    : `${declaration}<config-auth client="vpn" type="auth-request">\n${version}${auth}</config-auth>`;
}

function groupSelect(groups: readonly GroupChoice[]): string {
  if (groups.length === 0) return '';
  const options = groups.map(({ value, label }) =>
    value === undefined
      ? `<option>${escapeXml(label)}</option>\n`
      : `<option value="${escapeXml(value)}">${escapeXml(label)}</option>\n`,
  );
  return `<select name="group_list" label="Group:">\n${options.join('')}</select>\n`;
}
