// How ocpasswd shows a fresh token: the URI alone on a pipe, with a QR code and the secret on a terminal, or as JSON.
import chalk from 'chalk';
import type { NewToken } from '../../core/passwd/index.ts';

/** What stands on standard output; the only place where the secret is ever shown. */
export async function showToken(
  token: NewToken,
  facts: Readonly<Record<string, string | number>>,
  form: 'json' | 'terminal' | 'pipe',
): Promise<string> {
  if (form === 'json')
    return `${JSON.stringify({ ...facts, secret: token.secret, uri: token.uri }, null, 2)}\n`;
  if (form === 'pipe') return `${token.uri}\n`;
  const { renderUnicodeCompact } = await import('uqr');
  // White on black whatever the terminal's own colours: phones do not read the negative.
  const picture = renderUnicodeCompact(token.uri, { border: 2 })
    .split('\n')
    .map((line) => chalk.whiteBright.bgBlack(line))
    .join('\n');
  return `${picture}\n${token.uri}\nsecret: ${token.secret.replace(/.{4}(?=.)/g, '$& ')}\n`;
}
