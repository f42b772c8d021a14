// Checks of values against an interface, compiled once per method. Called by client and server for every
// message that arrives; what passes may be given its generated TypeScript type.
//
// Rules: unknown members are refused, but for clients that accept additions; a member `?T` may be absent or null, and null is removed, so that the rest
// of the program knows one spelling of "not set"; int means an integer that a JavaScript number holds exactly.

import type { InterfaceDescription, StructDescription, TypeDescription } from './description.ts';

/** How deep recursive types may nest before we stop following them. */
const MAX_DEPTH = 64;

/** The first member that does not fit. */
export interface CheckFailure {
  /** For example "credentials.username" or "counters[3].rxBytes"; empty for the whole value. */
  readonly path: string;
  readonly expected: string;
  readonly found: string;
}

/** Undefined when the value fits. Removes optional members that are null. */
export type Check = (value: unknown) => CheckFailure | undefined;

export interface MethodChecks {
  readonly parameters: Check;
  readonly reply: Check;
}

export interface InterfaceChecks {
  readonly methods: ReadonlyMap<string, MethodChecks>;
  readonly errors: ReadonlyMap<string, Check>;
}

export interface CheckOptions {
  /** Members and values of enumerations that the interface does not have pass: a later version of it may have them. */
  readonly acceptsAdditions?: boolean;
}

const compiled = new WeakMap<InterfaceDescription, InterfaceChecks>();
const tolerant = new WeakMap<InterfaceDescription, InterfaceChecks>();

/** All checks of an interface. */
export function compileChecks(
  description: InterfaceDescription,
  { acceptsAdditions = false }: CheckOptions = {},
): InterfaceChecks {
  const cache = acceptsAdditions ? tolerant : compiled;
  const known = cache.get(description);
  if (known !== undefined) return known;
  const compiler = new Compiler(description, acceptsAdditions);
  const checks: InterfaceChecks = {
    methods: new Map(
      Object.entries(description.methods).map(([name, method]) => [
        name,
        { parameters: compiler.check(method.parameters), reply: compiler.check(method.reply) },
      ]),
    ),
    errors: new Map(
      Object.entries(description.errors).map(([name, error]) => [name, compiler.check(error.parameters)]),
    ),
  };
  cache.set(description, checks);
  return checks;
}

/** Does `value` fit the parameters of the method? Undefined when it does. */
export function checkParameters(
  description: InterfaceDescription,
  method: string,
  value: unknown,
): CheckFailure | undefined {
  return methodChecks(description, method).parameters(value);
}

/** Does `value` fit the reply of the method? Undefined when it does. */
export function checkReply(
  description: InterfaceDescription,
  method: string,
  value: unknown,
): CheckFailure | undefined {
  return methodChecks(description, method).reply(value);
}

/** `rxBytes: expected int, found string` */
export function describeFailure(failure: CheckFailure): string {
  return `${failure.path === '' ? 'parameters' : failure.path}: expected ${failure.expected}, found ${failure.found}`;
}

function methodChecks(description: InterfaceDescription, method: string): MethodChecks {
  const checks = compileChecks(description).methods.get(method);
  if (checks === undefined) throw new TypeError(`${description.name} has no method ${method}`);
  return checks;
}

/** A failure grows its path from the inside out, so that the good case builds no strings. */
interface Failure {
  path: string;
  readonly expected: string;
  readonly found: string;
}
type Checker = (value: unknown, depth: number) => Failure | undefined;
interface CompiledMember {
  readonly check: Checker;
  readonly isOptional: boolean;
}

class Compiler {
  readonly #description: InterfaceDescription;
  readonly #acceptsAdditions: boolean;
  readonly #named = new Map<string, Checker>();

  constructor(description: InterfaceDescription, acceptsAdditions: boolean) {
    this.#description = description;
    this.#acceptsAdditions = acceptsAdditions;
  }

  check(struct: StructDescription): Check {
    const checker = this.#struct(struct);
    return (value) => checker(value, 0);
  }

  #checker(type: TypeDescription): Checker {
    switch (type.kind) {
      case 'bool':
        return (value) => (typeof value === 'boolean' ? undefined : failure('bool', value));
      case 'int':
        return (value) => (Number.isSafeInteger(value) ? undefined : failure('int', value));
      case 'float':
        return (value) => (typeof value === 'number' ? undefined : failure('float', value));
      case 'string':
        return (value) => (typeof value === 'string' ? undefined : failure('string', value));
      case 'object':
        return (value) => (isJsonObject(value) ? undefined : failure('object', value));
      case 'enum': {
        if (this.#acceptsAdditions)
          return (value) => (typeof value === 'string' ? undefined : failure('string', value));
        const values: ReadonlySet<unknown> = new Set(type.values);
        const expected = `one of ${type.values.join(', ')}`;
        return (value) => (values.has(value) ? undefined : failure(expected, value));
      }
      case 'array':
        return arrayChecker(this.#checker(type.element));
      case 'map':
        return mapChecker(this.#checker(type.element));
      case 'optional': {
        const element = this.#checker(type.element);
        return (value, depth) => (value === null || value === undefined ? undefined : element(value, depth));
      }
      case 'struct':
        return this.#struct(type);
      case 'reference':
        return this.#reference(type.name);
    }
  }

  #reference(name: string): Checker {
    const known = this.#named.get(name);
    if (known !== undefined) return known;
    const named = this.#description.types[name];
    if (named === undefined) throw new TypeError(`${this.#description.name} has no type ${name}`);
    // Entered before it is compiled: a type may contain itself.
    this.#named.set(name, (value, depth) => checker(value, depth));
    const checker = this.#checker(named.type);
    this.#named.set(name, checker);
    return checker;
  }

  #struct(type: StructDescription): Checker {
    const acceptsAdditions = this.#acceptsAdditions;
    const members = new Map<string, CompiledMember>(
      type.members.map((member) => [
        member.name,
        { check: this.#checker(member.type), isOptional: member.type.kind === 'optional' },
      ]),
    );
    const required = type.members
      .filter((member) => member.type.kind !== 'optional')
      .map((member) => member.name);
    return (value, depth) => {
      if (!isJsonObject(value)) return failure('object', value);
      if (depth > MAX_DEPTH) return failure(`at most ${String(MAX_DEPTH)} levels`, value);
      let requiredSeen = 0;
      for (const key of Object.keys(value)) {
        const member = members.get(key);
        if (member === undefined) {
          if (acceptsAdditions) continue;
          return { path: safeKey(key), expected: 'no such member', found: 'it' };
        }
        const content = value[key];
        if (member.isOptional) {
          if (content === null || content === undefined) {
            delete value[key];
            continue;
          }
        } else {
          requiredSeen += 1;
        }
        const problem = member.check(content, depth + 1);
        if (problem !== undefined) return within(key, problem);
      }
      if (requiredSeen === required.length) return undefined;
      const missing = required.find((name) => !Object.hasOwn(value, name)) ?? '';
      return { path: missing, expected: 'a value', found: 'nothing' };
    };
  }
}

function arrayChecker(element: Checker): Checker {
  return (value, depth) => {
    if (!Array.isArray(value)) return failure('array', value);
    for (let index = 0; index < value.length; index += 1) {
      const problem = element(value[index], depth + 1);
      if (problem !== undefined) return within(`[${String(index)}]`, problem);
    }
    return undefined;
  };
}

function mapChecker(element: Checker): Checker {
  return (value, depth) => {
    if (!isJsonObject(value)) return failure('object', value);
    for (const key of Object.keys(value)) {
      const problem = element(value[key], depth + 1);
      if (problem !== undefined) return within(safeKey(key), problem);
    }
    return undefined;
  };
}

export function isJsonObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function failure(expected: string, value: unknown): Failure {
  return { path: '', expected, found: describeValue(value) };
}

function within(key: string, problem: Failure): Failure {
  const isIndexed = problem.path === '' || problem.path.startsWith('[');
  problem.path = isIndexed ? `${key}${problem.path}` : `${key}.${problem.path}`;
  return problem;
}

/** The kind of value, never the value: it may be a secret, and it is the peer's text. */
function describeValue(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'number' : 'fraction';
  return typeof value;
}

/** A member name that the peer chose, made fit for a log line. */
function safeKey(key: string): string {
  return key.replaceAll(/[^A-Za-z0-9_-]/g, '?').slice(0, 40);
}
