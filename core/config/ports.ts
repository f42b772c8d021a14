// restrict-user-to-ports: `tcp(443), udp(53), icmp()` or `!(tcp(22))`. Called through values.ts and by whoever
// turns the rules into a firewall.
//
//   value = [ "!" ] list        "!" requires "(" around the list
//   list  = item *( "," item )
//   item  = proto "(" [ number ] ")"
import type { Reading } from './values.ts';

const PROTOCOLS = ['tcp', 'udp', 'sctp', 'icmpv6', 'icmp', 'esp'] as const;
export type PortProtocol = (typeof PROTOCOLS)[number];

export interface PortRule {
  readonly protocol: PortProtocol;
  /** Absent = every port. */
  readonly port?: number;
}

interface Parsed {
  readonly deny: boolean;
  readonly rules: readonly PortRule[];
}

/** Checks one line and gives it back in one spelling. */
export function readPortRules(text: string): Reading<string> {
  const parsed = parseLine(text);
  if (typeof parsed === 'string') {
    return { error: `${parsed}; cannot parse restrict-user-to-ports; expected e.g. tcp(443), udp(53)` };
  }
  const list = parsed.rules.map(({ protocol, port }) => `${protocol}(${port ?? ''})`).join(', ');
  return { value: parsed.deny ? `!(${list})` : list };
}

/** All lines of an option together; one line with `!` makes the whole set a deny list. */
export function parsePortRules(lines: readonly string[]): Parsed {
  const all = lines.map(parseLine).filter((line) => typeof line !== 'string');
  return { deny: all.some(({ deny }) => deny), rules: all.flatMap(({ rules }) => rules) };
}

function parseLine(text: string): Parsed | string {
  let at = 0;
  const skipBlanks = (): void => {
    while (text[at] === ' ' || text[at] === '\t') at++;
  };
  const problem = (what: string): string =>
    `${what} on restrict-user-to-ports at ${at} '${text.slice(at, at + 40)}'`;
  skipBlanks();
  const deny = text[at] === '!';
  if (deny) {
    at++;
    skipBlanks();
    if (text[at] !== '(') return `no bracket following negation at ${at} '${text.slice(0, 40)}'`;
    at++;
  }
  const rules: PortRule[] = [];
  for (;;) {
    skipBlanks();
    const rest = text.slice(at).toLowerCase();
    const protocol = PROTOCOLS.find((name) => rest.startsWith(name));
    if (protocol === undefined) return problem('unknown protocol');
    at += protocol.length;
    skipBlanks();
    if (text[at] !== '(') return problem('expected parenthesis');
    at++;
    const end = text.indexOf(')', at);
    if (end < 0) return problem('expected closing parenthesis');
    const inside = text.slice(at, end).trim();
    const port = Number.parseInt(inside, 10) || 0;
    if (port > 65_535 || port < 0) return problem('port out of range');
    if (inside !== '' && !/^\d+$/.test(inside)) return problem('expected one port number');
    rules.push({ protocol, ...(port > 0 && /^(tcp|udp|sctp)$/.test(protocol) ? { port } : {}) });
    at = end + 1;
    skipBlanks();
    if (at >= text.length || (deny && text[at] === ')')) return { deny, rules };
    if (text[at] !== ',') return problem('expected comma or end of line');
    at++;
  }
}
