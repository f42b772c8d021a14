// A small interface for the tests of this room.
import { parseInterface } from '../../../core/varlink/index.ts';

export const exampleText = `# Things that are counted.
interface org.example.Test

type Kind (small, large)
type Tree (name: string, children: []Tree)

method Add(a: int, b: ?int) -> (sum: int)
method Describe(kind: Kind, where: ?(host: string, port: int), tags: [string][]string, any: object) -> ()
method Plant(tree: Tree, ratio: ?float, wet: bool) -> ()
# Hands over a descriptor.
method Open() -> (name: string)
method Watch() -> (count: int)
error Refused (reason: string)
`;

export const exampleDescription = parseInterface(exampleText);

export interface ExampleMethods {
  Add: { parameters: { a: number; b?: number | undefined }; reply: { sum: number } };
  Describe: {
    parameters: {
      kind: 'small' | 'large';
      where?: { host: string; port: number } | undefined;
      tags: Record<string, readonly string[]>;
      any: Record<string, unknown>;
    };
    reply: Record<string, never>;
  };
  Plant: {
    parameters: { tree: object; ratio?: number | undefined; wet: boolean };
    reply: Record<string, never>;
  };
  Open: { parameters: Record<string, never>; reply: { name: string } };
  Watch: { parameters: Record<string, never>; reply: { count: number } };
}
