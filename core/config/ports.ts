// restrict-user-to-ports: `tcp(443), udp(53), icmp()` or `!(tcp(22))`. Called through values.ts and by whoever
// turns the rules into a firewall.
//
//   value = [ "!" ] list        "!" requires "(" around the list
//   list  = item *( "," item )
//   item  = proto "(" [ number [ "-" number ] ] ")"
import type { Reading } from './values.ts';

const PROTOCOLS = ['tcp', 'udp', 'sctp', 'icmpv6', 'icmp', 'esp'] as const;
export type PortProtocol = (typeof PROTOCOLS)[number];

export interface PortRule {
  readonly protocol: PortProtocol;
  /** Absent = every port. */
  readonly port?: number;
  /** Of a range, which it includes. */
  readonly lastPort?: number;
}

export interface PortRules {
  readonly deny: boolean;
  readonly rules: readonly PortRule[];
}

/** Checks one line and gives it back in one spelling. */
export function readPortRules(text: string): Reading<string> {
  const parsed = parseLine(text);
  if (typeof parsed === 'string') {
    return { error: `${parsed}; cannot parse restrict-user-to-ports; expected e.g. tcp(443), udp(53)` };
  }
  const list = parsed.rules.map(formatPortRule).join(', ');
  return { value: parsed.deny ? `!(${list})` : list };
}

/** All lines of an option together. Undefined: some allow and some forbid, which no two readers understand alike. */
export function parsePortRules(lines: readonly string[]): PortRules | undefined {
  const all = lines.map(parseLine).filter((line) => typeof line !== 'string');
  const deny = all.some((line) => line.deny);
  if (deny && !all.every((line) => line.deny)) return undefined;
  return { deny, rules: all.flatMap(({ rules }) => rules) };
}

/** `tcp(443)`, `udp(8000-8010)`, `icmp()`. */
export function formatPortRule(rule: PortRule): string {
  return `${rule.protocol}(${formatPorts(rule)})`;
}

/** `443`, `8000-8010`; empty for every port. */
export function formatPorts({ port, lastPort }: PortRule): string {
  if (port === undefined) return '';
  return lastPort === undefined ? String(port) : `${port}-${lastPort}`;
}

function parseLine(text: string): PortRules | string {
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
    const numbers = /^(?:(\d+)(?:\s*-\s*(\d+))?)?$/.exec(inside);
    if (numbers === null) return problem('expected a port number or a range such as 8000-8010');
    const port = Number(numbers[1] ?? 0);
    const lastPort = numbers[2] === undefined ? undefined : Number(numbers[2]);
    if (Math.max(port, lastPort ?? 0) > 65_535) return problem('port out of range');
    if (lastPort !== undefined && (port === 0 || lastPort < port)) return problem('expected a range upwards');
    rules.push({ protocol, ...(hasPorts(protocol) ? portsOf(port, lastPort) : {}) });
    at = end + 1;
    skipBlanks();
    if (deny && text[at] === ')') {
      at++;
      skipBlanks();
      // What stood behind it would be no restriction at all.
      return at < text.length ? problem('expected end of line') : { deny, rules };
    }
    if (at >= text.length) return { deny, rules };
    if (text[at] !== ',') return problem('expected comma or end of line');
    at++;
  }
}

function hasPorts(protocol: PortProtocol): boolean {
  return protocol === 'tcp' || protocol === 'udp' || protocol === 'sctp';
}

/** 0 stands for every port. */
function portsOf(port: number, lastPort: number | undefined): Pick<PortRule, 'port' | 'lastPort'> {
  if (port === 0) return {};
  return lastPort === undefined || lastPort === port ? { port } : { port, lastPort };
}
