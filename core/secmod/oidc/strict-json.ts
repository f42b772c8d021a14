// JSON that means the same to every reader: valid UTF-8, and no member twice in one object (RFC 7519, 4: "reject JWTs
// with duplicate Claim Names"). Called by token.ts; pure.

/** Undefined where the bytes are anything else. */
export function parseStrictJson(bytes: Uint8Array): { readonly value: unknown } | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    const value: unknown = JSON.parse(text);
    return hasDuplicateMembers(text) ? undefined : { value };
  } catch {
    return undefined;
  }
}

/** Of a text that JSON.parse has accepted, so that strings and brackets are all there is to look at. */
function hasDuplicateMembers(text: string): boolean {
  /** Member names of the objects we are in; undefined stands for an array. */
  const open: (Set<string> | undefined)[] = [];
  for (const [token, name] of text.matchAll(
    /("(?:[^"\\]|\\.)*")(?=[ \t\r\n]*:)|"(?:[^"\\]|\\.)*"|[{}[\]]/g,
  )) {
    if (token === '{') open.push(new Set());
    else if (token === '[') open.push(undefined);
    else if (token === '}' || token === ']') open.pop();
    else if (name !== undefined) {
      // "\u0061" and "a" are one name.
      const plain = JSON.parse(name) as string;
      const names = open.at(-1);
      if (names?.has(plain) === true) return true;
      names?.add(plain);
    }
  }
  return false;
}
