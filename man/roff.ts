// Markdown to a manual page (man(7)): the few forms our pages use, and an error for any other, so that no text is
// lost silently. Called by build.ts.
//
//   # NAME(8) date product    title line        - `-c`, `--passwd`=*FILE*: text    tagged paragraph (.TP)
//   ## SECTION                .SH               ``` block                        .nf/.fi
//   ### part                  .SS               | table |                        tbl (.TS)
import { marked, type Token, type Tokens } from 'marked';

/** Escapes text for roff: backslash, minus, and a dot or quote that begins a line. */
function escape(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('’', '\\(cq')
    .replaceAll('…', '...')
    .replaceAll('→', '->')
    .replaceAll(/^([.'])/gm, '\\&$1');
}

/** marked leaves entities of its own making in text. */
function decode(text: string): string {
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&');
}

function inline(tokens: readonly Token[] | undefined): string {
  return (tokens ?? [])
    .map((token) => {
      switch (token.type) {
        case 'text':
        case 'escape': {
          const { tokens: children, text } = token as Tokens.Text;
          return children === undefined ? escape(decode(text)) : inline(children);
        }
        case 'codespan':
        case 'strong':
          return `\\fB${escape(decode((token as Tokens.Codespan).text))}\\fR`;
        case 'em':
          return `\\fI${escape(decode((token as Tokens.Em).text))}\\fR`;
        case 'link': {
          const { href, tokens: children } = token as Tokens.Link;
          const text = inline(children);
          return text === escape(href) ? text : `${text} (${escape(href)})`;
        }
        case 'br':
          return '\n.br\n';
        default:
          throw new Error(`no manual page form for Markdown "${token.type}": ${token.raw.slice(0, 60)}`);
      }
    })
    .join('')
    .replaceAll(/^([.'])(?!br$)/gm, '\\&$1');
}

/** "`-c`, `--passwd`=*FILE*: text" is a tag and its text; anything else a bullet. */
function listItem(item: Tokens.ListItem): string {
  const [first, ...rest] = item.tokens;
  if (first === undefined) return '';
  const tokens = (first as Tokens.Text).tokens ?? [];
  const split = tokens.findIndex((token) => token.type === 'text' && /^[^:]*: |^[^:]*:$/s.test(token.raw));
  const isTagged = tokens[0]?.type === 'codespan' && split > 0;
  const more = rest
    .filter((token) => token.type !== 'space')
    .map((token) => `.IP\n${block(token).replace(/^\.PP\n/, '')}`)
    .join('');
  if (!isTagged) return `.IP \\(bu 3\n${inline(tokens)}\n${more}`;
  const at = tokens[split] as Tokens.Text;
  const colon = at.raw.indexOf(':');
  const tag = inline(tokens.slice(0, split)) + escape(decode(at.raw.slice(0, colon)));
  const body = escape(decode(at.raw.slice(colon + 1).trimStart())) + inline(tokens.slice(split + 1));
  return `.TP\n${tag}\n${body === '' ? '\\&' : body}\n${more}`;
}

function table(token: Tokens.Table): string {
  const columns = token.header.map((_, index) => (index === token.header.length - 1 ? 'lx' : 'l')).join(' ');
  const cells = (row: readonly Tokens.TableCell[]): string =>
    row.map((cell) => `T{\n${inline(cell.tokens)}\nT}`).join('\t');
  const heading = token.header.map((cell) => `\\fB${inline(cell.tokens)}\\fR`).join('\t');
  return `.TS\nallbox;\n${columns.replaceAll('lx', 'l')}\n${columns}.\n${heading}\n${token.rows.map(cells).join('\n')}\n.TE\n`;
}

function block(token: Token): string {
  switch (token.type) {
    case 'heading': {
      const { depth, text } = token as Tokens.Heading;
      return depth === 2 ? `.SH ${escape(decode(text)).toUpperCase()}\n` : `.SS ${escape(decode(text))}\n`;
    }
    case 'paragraph':
      return `.PP\n${inline((token as Tokens.Paragraph).tokens)}\n`;
    case 'text':
      return `${inline((token as Tokens.Text).tokens ?? [token])}\n`;
    case 'list':
      return (token as Tokens.List).items.map((item) => listItem(item)).join('');
    case 'code':
      return `.PP\n.in +4n\n.nf\n${escape((token as Tokens.Code).text)}\n.fi\n.in\n`;
    case 'table':
      return table(token as Tokens.Table);
    case 'space':
      return '';
    default:
      throw new Error(`no manual page form for Markdown "${token.type}": ${token.raw.slice(0, 60)}`);
  }
}

/** The whole page. The first line must read "# NAME(SECTION) DATE PRODUCT". */
export function toRoff(markdown: string): string {
  const [title, ...rest] = marked.lexer(markdown);
  const match =
    title?.type === 'heading' ? /^(\S+)\((\d)\) (\S+) (.+)$/.exec((title as Tokens.Heading).text) : null;
  if (match === null) throw new Error('a manual page begins with "# NAME(SECTION) DATE PRODUCT"');
  const [, name = '', section = '', date = '', product = ''] = match;
  const hasTable = rest.some((token) => token.type === 'table');
  const head = `.TH "${name.toUpperCase()}" "${section}" "${date}" "${product}"\n.nh\n.ad l\n`;
  return (hasTable ? '\'\\" t\n' : '') + head + rest.map((token) => block(token)).join('');
}
