// The live table of `occtl top`: one frame from the server's figures. Fits 80 columns; wider screens show more.
import type { ControlFlow, ControlStatistics } from '../interfaces/index.ts';
import { formatBytes, formatDuration, printable } from './format.ts';

export const topSortKeys = ['rx', 'tx', 'user', 'loss', 'rtt', 'since'] as const;
export type TopSortKey = (typeof topSortKeys)[number];

type Order = (one: ControlFlow, other: ControlFlow) => number;
const orders: Readonly<Record<TopSortKey, Order>> = {
  rx: (one, other) => other.rxRate - one.rxRate,
  tx: (one, other) => other.txRate - one.txRate,
  user: (one, other) => (one.username < other.username ? -1 : Number(one.username > other.username)),
  loss: (one, other) => other.lossShare - one.lossShare,
  rtt: (one, other) => (other.roundTripMs ?? -1) - (one.roundTripMs ?? -1),
  since: (one, other) => one.connectedAt - other.connectedAt,
};

/** Heading, least width, on which side the blanks stand, and what stands in the cell. */
interface Column {
  readonly title: string;
  readonly width: number;
  readonly left?: boolean;
  cell(flow: ControlFlow, now: number): string;
}

function cut(text: string, width: number): string {
  return text.length > width ? `${text.slice(0, width - 1)}~` : text;
}

/** "(DTLS1.2)-(PSK)-(AES-256-GCM)" is "AES-256-GCM". */
function cipherOf(description: string | undefined): string {
  return /\(([^()]*)\)(?:-\((?:MD5|SHA\d+)\))?$/.exec(description ?? '')?.[1] ?? '-';
}

const columns: readonly Column[] = [
  { title: 'user', width: 10, left: true, cell: (flow) => printable(flow.username) },
  { title: 'address', width: 15, left: true, cell: (flow) => flow.ipv4 ?? flow.ipv6 ?? '-' },
  { title: 'rx/s', width: 9, cell: (flow) => formatBytes(flow.rxRate).replace(' bytes', ' B') },
  { title: 'tx/s', width: 9, cell: (flow) => formatBytes(flow.txRate).replace(' bytes', ' B') },
  {
    title: 'loss',
    width: 5,
    cell: (flow) => `${(flow.lossShare * 100).toFixed(flow.lossShare < 0.1 ? 1 : 0)}%`,
  },
  {
    title: 'rtt',
    width: 6,
    cell: (flow) => (flow.roundTripMs === undefined ? '-' : `${flow.roundTripMs.toFixed(0)}ms`),
  },
  { title: 'ch', width: 4, left: true, cell: (flow) => flow.channel },
  { title: 'cipher', width: 11, left: true, cell: (flow) => cipherOf(flow.ciphersuite) },
  { title: 'since', width: 7, cell: (flow, now) => formatDuration(now - flow.connectedAt) },
  { title: 'from', width: 15, left: true, cell: (flow) => flow.remoteAddress },
  { title: 'client', width: 30, left: true, cell: (flow) => printable(flow.userAgent ?? '-') },
];

/** Widths and rows of a screen; without rows everything is shown. */
export interface TopScreen {
  readonly columns: number;
  readonly rows?: number | undefined;
  readonly sort: TopSortKey;
}

/** Lines of one frame, none longer than the screen is wide. */
export function topFrame(statistics: ControlStatistics, screen: TopScreen): string[] {
  const now = Math.floor(statistics.timeMs / 1000);
  const shown: Column[] = [];
  let width = -1;
  for (const column of columns) {
    if (width + 1 + column.width > screen.columns) break;
    shown.push(column);
    width += 1 + column.width;
  }
  const line = (cells: readonly string[]): string =>
    cells
      .map((text, index) => {
        const { width: room = 0, left = false } = shown[index] ?? {};
        const fitted = cut(text, room);
        return left ? fitted.padEnd(room) : fitted.padStart(room);
      })
      .join(' ')
      .trimEnd();
  const flows = statistics.flows.toSorted(orders[screen.sort]);
  const total =
    `${String(flows.length)} tunnels, ${String(statistics.connections)} connections, ` +
    `rx ${formatBytes(statistics.rxRate, '/s')}, tx ${formatBytes(statistics.txRate, '/s')}`;
  const head = [cut(total, screen.columns), line(shown.map(({ title }) => title))];
  const room = screen.rows === undefined ? flows.length : Math.max(0, screen.rows - head.length - 1);
  return [
    ...head,
    ...flows.slice(0, room).map((flow) => line(shown.map((column) => column.cell(flow, now)))),
  ];
}
