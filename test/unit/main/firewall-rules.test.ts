import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePortRules } from '../../../core/config/index.ts';
import { parseNetwork, type Network } from '../../../core/main/addresses.ts';
import { firewallTable, restrictionRules, strayTables } from '../../../core/main/firewall-rules.ts';

function networks(...texts: readonly string[]): Network[] {
  return texts.map((text) => {
    const network = parseNetwork(text);
    if (network === undefined) throw new Error(text);
    return network;
  });
}

function rules(
  facts: {
    routes?: readonly string[];
    noRoutes?: readonly string[];
    dns?: readonly string[];
    ports?: string;
  } = {},
): string {
  return restrictionRules({
    device: 'vpns0',
    routes: networks(...(facts.routes ?? [])),
    noRoutes: networks(...(facts.noRoutes ?? [])),
    dns: facts.dns ?? [],
    ports: parsePortRules(facts.ports === undefined ? [] : [facts.ports]) ?? { deny: false, rules: [] },
  });
}

const head = `table inet ocserv_vpns0
delete table inet ocserv_vpns0
table inet ocserv_vpns0 {
`;
const hook = `  chain ocserv_fwd {
    type filter hook forward priority -10; policy accept;
    oif "vpns0" ct state established,related accept
    iif != "vpns0" accept
`;

test('routes: those without are rejected first, what is in none of them at last', () => {
  assert.equal(
    rules({
      routes: ['10.1.0.0/16', 'fd11::/48', '10.3.0.0/24'],
      noRoutes: ['10.1.2.0/24'],
      dns: ['10.9.0.53', 'fd99::53'],
    }),
    `${head}${hook}    ip daddr { 10.9.0.53/32 } meta l4proto { tcp, udp } th dport 53 accept
    ip6 daddr { fd99::53/128 } meta l4proto { tcp, udp } th dport 53 accept
    ip daddr { 10.1.2.0/24 } reject
    ip daddr { 10.1.0.0/16, 10.3.0.0/24 } accept
    ip6 daddr { fd11::/48 } accept
    reject
  }
}
`,
  );
});

test('without routes everything may be reached but what is excluded', () => {
  assert.equal(
    rules({ noRoutes: ['10.1.2.0/24'] }),
    `${head}${hook}    ip daddr { 10.1.2.0/24 } reject
    accept
  }
}
`,
  );
});

test('allowed ports lead to the routes, every other one to a refusal', () => {
  assert.equal(
    rules({ routes: ['10.1.0.0/16'], ports: 'tcp(443), udp(8000-8010), sctp(), icmp(), icmpv6(), esp()' }),
    `${head}  chain routes {
    ip daddr { 10.1.0.0/16 } accept
    reject
  }
${hook}    meta l4proto tcp th dport 443 jump routes
    meta l4proto udp th dport 8000-8010 jump routes
    meta l4proto sctp jump routes
    meta l4proto icmp jump routes
    meta l4proto ipv6-icmp jump routes
    meta l4proto esp jump routes
    reject
  }
}
`,
  );
});

test('forbidden ports are refused, others go by the routes', () => {
  assert.equal(
    rules({ routes: ['10.1.0.0/16'], ports: '!(tcp(22), icmp())' }),
    `${head}${hook}    meta l4proto tcp th dport 22 reject
    meta l4proto icmp reject
    ip daddr { 10.1.0.0/16 } accept
    reject
  }
}
`,
  );
});

test('a network inside another one, or twice, stands in a set once', () => {
  const text = rules({ routes: ['10.1.0.0/16', '10.0.0.0/8', '10.0.0.0/8', '10.2.3.0/24', '11.0.0.0/8'] });
  assert.match(text, /ip daddr \{ 10\.0\.0\.0\/8, 11\.0\.0\.0\/8 \} accept/);
});

test('names of devices become names of tables, and stray ones are found', () => {
  assert.equal(firewallTable('vpn-s.1'), 'inet ocserv_vpn_s_1');
  const listing = `table inet filter
table inet ocserv_vpns0
table inet ocserv_vpns1
table ip ocserv_vpns2
table inet ocserv_vpn_s_1
table inet ocserved
`;
  assert.deepEqual(strayTables(listing, ['lo', 'vpns1', 'vpn-s.1']), ['inet ocserv_vpns0']);
  assert.deepEqual(strayTables('', []), []);
});
