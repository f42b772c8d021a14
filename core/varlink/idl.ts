// Parser of Varlink interface files. Called by the generator of core/interfaces and by tests, never at start-up.
//
//   interface = "interface" name { "type" Name (struct | enum) | "method" Name struct "->" struct | "error" Name struct }
//   struct    = "(" [ field ":" type { "," field ":" type } ] ")"
//   enum      = "(" value { "," value } ")"
//   type      = [ "?" ] ( "[" [ "string" ] "]" type | builtin | Name | struct | enum )
//
// A comment that stands on lines of its own right above a thing is its documentation.

import type {
  EnumDescription,
  ErrorDescription,
  InterfaceDescription,
  MemberDescription,
  MethodDescription,
  NamedTypeDescription,
  StructDescription,
  TypeDescription,
} from './description.ts';

// Names as the Varlink grammar spells them.
const INTERFACE_NAME = /^[A-Za-z](?:-*[A-Za-z0-9])*(?:\.[A-Za-z0-9](?:-*[A-Za-z0-9])*)+$/;
const TYPE_NAME = /^[A-Z][A-Za-z0-9]*$/;
const FIELD_NAME = /^[A-Za-z](?:_?[A-Za-z0-9])*$/;
const BUILTINS: ReadonlySet<string> = new Set(['bool', 'int', 'float', 'string', 'object']);

/** One token: a word, "->" or a single character. Blanks and comments are taken apart before. */
const TOKEN = /->|[A-Za-z0-9_.-]+|./y;
const BLANKS = /[ \t\r]*/y;

/** A mistake in an interface file, with its position. */
export class IdlError extends Error {
  readonly line: number;
  readonly column: number;
  constructor(line: number, column: number, text: string) {
    super(`${String(line)}:${String(column)}: ${text}`);
    this.name = 'IdlError';
    this.line = line;
    this.column = column;
  }
}

interface Token {
  readonly text: string;
  readonly line: number;
  readonly column: number;
  readonly documentation: string | undefined;
}

export function parseInterface(text: string): InterfaceDescription {
  return new Parser(text).parseFile();
}

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let comments: string[] = [];
  const lines = text.split('\n');
  for (const [index, source] of lines.entries()) {
    let position = 0;
    let onLine = 0;
    for (;;) {
      BLANKS.lastIndex = position;
      BLANKS.exec(source);
      position = BLANKS.lastIndex;
      if (position >= source.length) break;
      if (source.startsWith('#', position)) {
        if (onLine === 0) comments.push(source.slice(position + 1).trim());
        onLine += 1;
        break;
      }
      TOKEN.lastIndex = position;
      const word = TOKEN.exec(source)?.[0] ?? '';
      tokens.push({
        // "a->b" would otherwise be one word: a minus belongs to a name only between letters.
        text: word.endsWith('-') && word.length > 1 ? word.slice(0, -1) : word,
        line: index + 1,
        column: position + 1,
        documentation: comments.length > 0 ? comments.join('\n') : undefined,
      });
      comments = [];
      position += word.endsWith('-') && word.length > 1 ? word.length - 1 : word.length;
      onLine += 1;
    }
    // An empty line parts a remark from what follows it.
    if (onLine === 0 && tokens.length > 0) comments = [];
  }
  const last = lines.length;
  tokens.push({ text: '', line: last, column: (lines[last - 1] ?? '').length + 1, documentation: undefined });
  return tokens;
}

class Parser {
  readonly #text: string;
  readonly #tokens: Token[];
  #position = 0;
  readonly #references: Token[] = [];

  constructor(text: string) {
    this.#text = text;
    this.#tokens = tokenize(text);
  }

  parseFile(): InterfaceDescription {
    const documentation = this.#peek().documentation;
    this.#expect('interface');
    const name = this.#name(INTERFACE_NAME, 'an interface name like org.example.Name');
    const types: Record<string, NamedTypeDescription> = {};
    const methods: Record<string, MethodDescription> = {};
    const errors: Record<string, ErrorDescription> = {};
    const seen = new Set<string>();
    while (this.#peek().text !== '') {
      const word = this.#next();
      const member = this.#peek();
      const memberName = this.#name(TYPE_NAME, `a name with a capital first letter after "${word.text}"`);
      if (seen.has(memberName)) throw mistake(member, `"${memberName}" is declared twice`);
      seen.add(memberName);
      const documented = documentationOf(word);
      if (word.text === 'type') {
        const type = this.#structOrEnum();
        types[memberName] = { type, ...documented };
      } else if (word.text === 'method') {
        const parameters = this.#struct();
        this.#expect('->');
        methods[memberName] = { parameters, reply: this.#struct(), ...documented };
      } else if (word.text === 'error') {
        errors[memberName] = { parameters: this.#struct(), ...documented };
      } else {
        throw mistake(word, `expected "type", "method" or "error", found "${word.text}"`);
      }
    }
    for (const reference of this.#references) {
      if (!Object.hasOwn(types, reference.text)) {
        throw mistake(reference, `unknown type "${reference.text}"`);
      }
    }
    if (seen.size === 0) throw mistake(this.#peek(), 'the interface declares nothing');
    return {
      name,
      text: this.#text,
      ...(documentation === undefined ? {} : { documentation }),
      types,
      methods,
      errors,
    };
  }

  #type(): TypeDescription {
    const token = this.#peek();
    if (token.text === '?') {
      this.#next();
      if (this.#peek().text === '?') throw mistake(this.#peek(), 'a type cannot be optional twice');
      return { kind: 'optional', element: this.#type() };
    }
    if (token.text === '[') {
      this.#next();
      const isMap = this.#peek().text === 'string';
      if (isMap) this.#next();
      this.#expect(']');
      return { kind: isMap ? 'map' : 'array', element: this.#type() };
    }
    if (token.text === '(') return this.#structOrEnum();
    this.#next();
    if (BUILTINS.has(token.text))
      return { kind: token.text as 'bool' | 'int' | 'float' | 'string' | 'object' };
    if (!TYPE_NAME.test(token.text)) throw mistake(token, `expected a type, found ${shown(token)}`);
    this.#references.push(token);
    return { kind: 'reference', name: token.text };
  }

  #structOrEnum(): StructDescription | EnumDescription {
    const after = this.#tokens[this.#position + 2]?.text;
    const isEnum = this.#tokens[this.#position + 1]?.text !== ')' && (after === ',' || after === ')');
    return isEnum ? this.#enum() : this.#struct();
  }

  #struct(): StructDescription {
    const members: MemberDescription[] = [];
    this.#list((token) => {
      const name = this.#name(FIELD_NAME, 'a field name');
      if (members.some((member) => member.name === name))
        throw mistake(token, `field "${name}" is declared twice`);
      this.#expect(':');
      members.push({ name, type: this.#type(), ...documentationOf(token) });
    });
    return { kind: 'struct', members };
  }

  #enum(): EnumDescription {
    const values: string[] = [];
    this.#list((token) => {
      const value = this.#name(FIELD_NAME, 'an enum value');
      if (values.includes(value)) throw mistake(token, `value "${value}" is declared twice`);
      values.push(value);
    });
    return { kind: 'enum', values };
  }

  /** "(" [ item { "," item } ] ")" */
  #list(item: (first: Token) => void): void {
    this.#expect('(');
    if (this.#peek().text === ')') {
      this.#next();
      return;
    }
    for (;;) {
      item(this.#peek());
      const separator = this.#next();
      if (separator.text === ')') return;
      if (separator.text !== ',') throw mistake(separator, `expected "," or ")", found ${shown(separator)}`);
    }
  }

  #name(grammar: RegExp, expected: string): string {
    const token = this.#next();
    if (!grammar.test(token.text)) throw mistake(token, `expected ${expected}, found ${shown(token)}`);
    return token.text;
  }

  #expect(text: string): void {
    const token = this.#next();
    if (token.text !== text) throw mistake(token, `expected "${text}", found ${shown(token)}`);
  }

  #peek(): Token {
    // The last token, the end, is never consumed past.
    return this.#tokens[Math.min(this.#position, this.#tokens.length - 1)] as Token;
  }

  #next(): Token {
    const token = this.#peek();
    this.#position += 1;
    return token;
  }
}

function documentationOf(token: Token): { documentation?: string } {
  return token.documentation === undefined ? {} : { documentation: token.documentation };
}

function shown(token: Token): string {
  return token.text === '' ? 'the end of the file' : `"${token.text}"`;
}

function mistake(token: Token, text: string): IdlError {
  return new IdlError(token.line, token.column, text);
}
