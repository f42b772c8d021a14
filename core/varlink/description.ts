// What a Varlink interface file says, as plain JSON: made by the parser (idl.ts) and by the generated modules of
// core/interfaces, read by the checks, the client and the server. Facts: https://varlink.org/Interface-Definition

export type TypeDescription =
  | { readonly kind: 'bool' | 'int' | 'float' | 'string' | 'object' }
  | { readonly kind: 'reference'; readonly name: string }
  | { readonly kind: 'array' | 'map' | 'optional'; readonly element: TypeDescription }
  | EnumDescription
  | StructDescription;

export interface EnumDescription {
  readonly kind: 'enum';
  readonly values: readonly string[];
}

export interface StructDescription {
  readonly kind: 'struct';
  readonly members: readonly MemberDescription[];
}

export interface MemberDescription {
  readonly name: string;
  readonly type: TypeDescription;
  /** The comment above the member; the generator copies it, the modules it writes leave it out. */
  readonly documentation?: string;
}

export interface NamedTypeDescription {
  readonly type: StructDescription | EnumDescription;
  readonly documentation?: string;
}

export interface MethodDescription {
  readonly parameters: StructDescription;
  readonly reply: StructDescription;
  readonly documentation?: string;
}

export interface ErrorDescription {
  readonly parameters: StructDescription;
  readonly documentation?: string;
}

export interface InterfaceDescription {
  /** For example "org.ocserv.Control". */
  readonly name: string;
  /** The file as written; what GetInterfaceDescription answers. */
  readonly text: string;
  readonly documentation?: string;
  readonly types: Readonly<Record<string, NamedTypeDescription>>;
  readonly methods: Readonly<Record<string, MethodDescription>>;
  readonly errors: Readonly<Record<string, ErrorDescription>>;
}

/** The shape of a generated method map: one entry per method. */
export type MethodMap<M> = { readonly [K in keyof M]: { parameters: object; reply: object } };
