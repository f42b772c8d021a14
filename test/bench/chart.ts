// The chart of the bench: one bar per figure, its length the ratio ours / C, the line at 1 being the C server. Used by
// report.ts. For figures of which more is better the bar shows C / ours, so that shorter is always better.
import type { Cell } from './compare.ts';
import { ratioOf } from './report.ts';

const width = 900;
const labelWidth = 380;
const rowHeight = 20;
const longest = 2;

const escapeXml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

export function drawRatios(cells: readonly Cell[]): string {
  const rows = cells.flatMap((cell) => {
    const ratio = ratioOf(cell);
    return ratio === undefined || !Number.isFinite(ratio)
      ? []
      : [{ name: cell.name, ratio, cost: cell.better === 'lower' ? ratio : 1 / ratio }];
  });
  const height = rows.length * rowHeight + 50;
  const scale = (width - labelWidth - 60) / longest;
  const one = labelWidth + scale;
  const bars = rows.map(({ name, ratio, cost }, index) => {
    const y = 30 + index * rowHeight;
    const length = Math.min(cost, longest) * scale;
    const colour = cost <= 1 ? '#2a7f62' : '#b5482f';
    return [
      `<text x="${String(labelWidth - 8)}" y="${String(y + 13)}" text-anchor="end">${escapeXml(name)}</text>`,
      `<rect x="${String(labelWidth)}" y="${String(y + 3)}" width="${length.toFixed(1)}" height="${String(rowHeight - 6)}" fill="${colour}"/>`,
      `<text x="${(labelWidth + length + 5).toFixed(1)}" y="${String(y + 13)}">${ratio.toFixed(2)}</text>`,
    ].join('\n');
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${String(width)} ${String(height)}" font-family="sans-serif" font-size="12">
<rect width="${String(width)}" height="${String(height)}" fill="#ffffff"/>
<text x="${String(labelWidth)}" y="18">cost against the C server (bar: shorter is better; number: ratio ours / C)</text>
${bars.join('\n')}
<line x1="${String(one)}" y1="24" x2="${String(one)}" y2="${String(height - 14)}" stroke="#333333" stroke-dasharray="4 3"/>
<text x="${String(one)}" y="${String(height - 2)}" text-anchor="middle">1</text>
</svg>
`;
}
