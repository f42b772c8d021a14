// What a client posts during the login: an XML document or an urlencoded form, told apart by content alone.
// Called by the worker with bytes from the network; never throws, bounded in size, depth and count.
import { SaxesParser } from 'saxes';

export interface LoginBody {
  /** None when the body is malformed: the client is then shown the first form again. */
  readonly fields: LoginFields;
  /** What is wrong with the body, for the log; quotes nothing of it, since it may hold a password. */
  readonly mistake: string | undefined;
}

/** Fields that were present and well-formed; an empty value is a value. */
export interface LoginFields {
  readonly username?: string;
  readonly password?: string;
  readonly group?: string;
}

/** Larger bodies are refused by the HTTP front; here it is the last wall. */
export const bodyLimitBytes = 262_144;
export const fieldLimitBytes = 4096;
const depthLimit = 16;
const elementLimit = 1000;
const pairLimit = 200;

const xmlMark = Buffer.from('<?xml');

/** Both syntaxes. A body without any field is no mistake: so begin the dialogues of some clients. */
export function parseLoginBody(body: Uint8Array): LoginBody {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (bytes.length > bodyLimitBytes) return mistaken(`longer than ${String(bodyLimitBytes)} bytes`);
  const start = bytes.indexOf(xmlMark);
  return start < 0 ? parseLoginForm(bytes) : parseLoginXml(bytes.subarray(start));
}

function mistaken(mistake: string): LoginBody {
  return { fields: {}, mistake };
}

/** What the parser finds wrong; its own texts begin with line and column and may end with a name of the document. */
class LoginBodyError extends Error {}

type FieldName = keyof LoginFields;

/**
 * config-auth/auth/username and …/password, config-auth/group-select; for clients older than config-auth the
 * same names below any other root. No DTD, no entities but the predefined, &nbsp; and numeric ones.
 */
function parseLoginXml(bytes: Buffer): LoginBody {
  const fields: { -readonly [K in FieldName]?: string } = {};
  const path: string[] = [];
  let field: FieldName | undefined;
  let text = '';
  let elements = 0;

  const parser = new SaxesParser({ xmlns: false, position: true });
  parser.ENTITIES['nbsp'] = ' ';
  parser.on('error', (error) => {
    throw error;
  });
  parser.on('doctype', () => {
    throw new LoginBodyError('a document type definition is not accepted');
  });
  parser.on('opentag', ({ name }) => {
    elements += 1;
    path.push(localName(name));
    if (path.length > depthLimit) throw new LoginBodyError(`nested deeper than ${String(depthLimit)} levels`);
    if (elements > elementLimit) throw new LoginBodyError(`more than ${String(elementLimit)} elements`);
    const found = fieldAt(path);
    field = found !== undefined && fields[found] === undefined ? found : undefined;
    text = '';
  });
  const collect = (part: string): void => {
    if (field === undefined) return;
    text += part;
    if (Buffer.byteLength(text) > fieldLimitBytes) throw new LoginBodyError(fieldTooLong(field));
  };
  parser.on('text', collect);
  parser.on('cdata', collect);
  parser.on('closetag', () => {
    if (field !== undefined) fields[field] = text;
    field = undefined;
    path.pop();
  });

  try {
    parser.write(decodeUtf8(bytes)).close();
  } catch (error) {
    return mistaken(error instanceof LoginBodyError ? error.message : parserWords(error, parser));
  }
  return { fields, mistake: undefined };
}

function fieldTooLong(field: FieldName): string {
  return `${field} longer than ${String(fieldLimitBytes)} bytes`;
}

function decodeUtf8(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new LoginBodyError('not UTF-8');
  }
}

/** `3:14: unmatched closing tag: x.` without the name, which may be anything. */
function parserWords(error: unknown, parser: { readonly line: number; readonly column: number }): string {
  const text = error instanceof Error ? error.message.replace(/^\d+:\d+: /, '') : 'unreadable';
  return `line ${String(parser.line)}, column ${String(parser.column)}: ${text.replace(/(?::.*|\.)$/s, '')}`;
}

function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1).toLowerCase();
}

function fieldAt(path: readonly string[]): FieldName | undefined {
  const name = path.at(-1) ?? '';
  const inConfigAuth = path[0] === 'config-auth';
  const depthInAuth = inConfigAuth ? (path[1] === 'auth' ? 3 : 2) : 2;
  if (name === 'group-select') return path.length <= depthInAuth && path.length > 1 ? 'group' : undefined;
  if (path.length !== depthInAuth || (inConfigAuth && depthInAuth !== 3)) return undefined;
  if (name === 'username') return 'username';
  return isPasswordName(name) ? 'password' : undefined;
}

/** Elements: "password" with any ending, or anything ending in "_password" (secondary_password). */
function isPasswordName(name: string): boolean {
  return name.startsWith('password') || name.endsWith('_password');
}

/** First of each: username, a key that contains "password", group_list. A bad escape loses that field alone. */
function parseLoginForm(bytes: Buffer): LoginBody {
  const fields: { -readonly [K in FieldName]?: string } = {};
  const pairs = bytes.toString('latin1').split('&', pairLimit + 1);
  if (pairs.length > pairLimit) return mistaken(`more than ${String(pairLimit)} fields`);
  let mistake: string | undefined;
  for (const pair of pairs) {
    const equals = pair.indexOf('=');
    if (equals < 0) continue;
    const name = formField(decodeUrl(pair.slice(0, equals))?.toLowerCase());
    if (name === undefined || fields[name] !== undefined) continue;
    const value = decodeUrl(pair.slice(equals + 1).replace(/[\r\n]+$/, ''));
    if (value === undefined) mistake ??= `${name} with a bad escape`;
    else if (Buffer.byteLength(value) > fieldLimitBytes) mistake ??= fieldTooLong(name);
    else fields[name] = value;
  }
  if (Object.keys(fields).length === 0 && !isForm(pairs)) mistake ??= 'neither an XML document nor a form';
  return { fields, mistake };
}

/** Some clients begin with an empty body, or with fields of their own. */
function isForm([first = '', ...others]: readonly string[]): boolean {
  return /^[\x21-\x7e]*[\r\n]*$/.test([first, ...others].join('')) && !/^[<{["]/.test(first);
}

function formField(key: string | undefined): FieldName | undefined {
  if (key === undefined) return undefined;
  if (key === 'username') return 'username';
  if (key === 'group_list') return 'group';
  return key.includes('password') ? 'password' : undefined;
}

/** application/x-www-form-urlencoded: %HH and + in a latin1 string whose bytes are UTF-8. */
function decodeUrl(text: string): string | undefined {
  if (/%(?![0-9A-Fa-f]{2})/.test(text)) return undefined;
  const bytes = Buffer.from(
    text
      .replaceAll('+', ' ')
      .replace(/%(..)/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  );
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
