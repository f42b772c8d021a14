// Writes the TypeScript side of the five doors: generated/NAME.ts from org.ocserv.NAME.varlink. Run by hand after a
// change of an interface (`node core/interfaces/generate.ts`); a test compares.
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { InterfaceDescription, StructDescription, TypeDescription } from '../varlink/description.ts';
import { parseInterface } from '../varlink/idl.ts';

export interface GeneratedModule {
  readonly file: string;
  readonly text: string;
}

const comment = (text: string | undefined, indent = ''): string =>
  text === undefined || text === ''
    ? ''
    : `${indent}/** ${text.replaceAll('*/', '* /').split('\n').join(`\n${indent} * `)} */\n`;

function typeText(type: TypeDescription, prefix: string, indent: string): string {
  switch (type.kind) {
    case 'bool':
      return 'boolean';
    case 'int':
    case 'float':
      return 'number';
    case 'string':
      return 'string';
    case 'object':
      return 'Record<string, unknown>';
    case 'reference':
      return `${prefix}${type.name}`;
    case 'array':
      return `readonly (${typeText(type.element, prefix, indent)})[]`;
    case 'map':
      return `Readonly<Record<string, ${typeText(type.element, prefix, indent)}>>`;
    case 'optional':
      return typeText(type.element, prefix, indent);
    case 'enum':
      return type.values.map((value) => `'${value}'`).join(' | ');
    case 'struct':
      return structText(type, prefix, indent);
  }
}

function structText(struct: StructDescription, prefix: string, indent: string): string {
  if (struct.members.length === 0) return 'Record<string, never>';
  const inner = `${indent}  `;
  const members = struct.members.map(({ name, type, documentation }) => {
    const isOptional = type.kind === 'optional';
    const text = typeText(type, prefix, inner);
    const member = isOptional ? `${name}?: ${text} | undefined` : `${name}: ${text}`;
    return `${comment(documentation, inner)}${inner}readonly ${member};\n`;
  });
  return `{\n${members.join('')}${indent}}`;
}

/** The description without what only people read. */
function withoutDocumentation(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutDocumentation);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== 'documentation')
      .map(([key, content]) => [key, withoutDocumentation(content)]),
  );
}

function moduleText(description: InterfaceDescription): string {
  const prefix = description.name.split('.').at(-1) ?? '';
  const constant = prefix.charAt(0).toLowerCase() + prefix.slice(1);
  const types = Object.entries(description.types).map(
    ([name, { type, documentation }]) =>
      `${comment(documentation)}export type ${prefix}${name} = ${typeText(type, prefix, '')};\n\n`,
  );
  const methods = Object.entries(description.methods).map(
    ([name, { parameters, reply, documentation }]) =>
      `${comment(documentation, '  ')}  ${name}: {\n    parameters: ${structText(parameters, prefix, '    ')};\n` +
      `    reply: ${structText(reply, prefix, '    ')};\n  };\n`,
  );
  const errors = Object.keys(description.errors).map((name) => `  ${name}: '${description.name}.${name}',\n`);
  return (
    `// Generated from ${description.name}.varlink by core/interfaces/generate.ts; do not edit.\n` +
    `import type { InterfaceDescription } from '../../varlink/index.ts';\n\n` +
    types.join('') +
    // A type, not an interface: it must fit the client's mapped type.
    `export type ${prefix}Methods = {\n${methods.join('')}};\n\n` +
    `export const ${constant}Errors = {\n${errors.join('')}} as const;\n\n` +
    `export const ${constant}Description: InterfaceDescription = ${JSON.stringify(withoutDocumentation(description), null, 2)};\n`
  );
}

/** All modules, in memory. */
export function generateModules(folder: string = import.meta.dirname): GeneratedModule[] {
  return globSync('*.varlink', { cwd: folder })
    .sort()
    .map((source) => {
      const description = parseInterface(readFileSync(path.join(folder, source), 'utf8'));
      const name = (description.name.split('.').at(-1) ?? '').replaceAll(/(?<!^)[A-Z]/g, '-$&').toLowerCase();
      return { file: path.join(folder, 'generated', `${name}.ts`), text: moduleText(description) };
    });
}

if (process.argv[1] === import.meta.filename) {
  for (const { file, text } of generateModules()) {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
}
