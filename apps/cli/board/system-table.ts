import type { RowCounts } from '#libs/store/snapshot-file-store';
import { displayWidth, padEnd, padStart } from '../text-width.js';
import { thousands } from './bar.js';
import type { Style } from './style.js';

/** A source system as the board names it. */
export interface NamedSystem {
  id: string;
  /** Chinese name. */
  name: string;
}

export type SystemRow = NamedSystem & {
  /** Absent: not read yet. */
  counts?: RowCounts;
  /** Rows read so far, while it is being read. */
  reading?: number;
  /** What stands behind the row, e.g. its deliveries. */
  note?: string;
};

const COLUMNS = [
  { key: 'read', zh: '读入', en: 'read', width: 6 },
  { key: 'accepted', zh: '采纳', en: 'accepted', width: 9 },
  { key: 'superseded', zh: '旧版', en: 'superseded', width: 11 },
  { key: 'void', zh: '作废', en: 'void', width: 5 },
  { key: 'dead', zh: '死信', en: 'dead', width: 5 },
] as const;

/** One line a system: read = accepted + superseded + void + dead, ticked where it balances, and their sum. */
export function systemTable(rows: readonly SystemRow[], style: Style): string[] {
  const name = Math.max(...rows.map((r) => displayWidth(r.name)));
  const id = Math.max(...rows.map((r) => r.id.length));
  const line = (a: string, b: string, cells: readonly string[], end: string): string =>
    `  ${padEnd(a, name)} ${padEnd(b, id)}${cells.map((c, i) => padStart(c, COLUMNS[i]!.width)).join('')} ${end}`.trimEnd();
  const head = [
    style.dim(line('系统', '', COLUMNS.map((c) => c.zh), '')),
    style.dim(line('system', '', COLUMNS.map((c) => c.en), '')),
  ];
  const body = rows.map((r) => {
    const { counts } = r;
    if (counts === undefined) {
      return r.reading === undefined ? style.dim(line(r.name, r.id, [], '')) : line(r.name, style.dim(r.id.padEnd(id)), [style.cyan(thousands(r.reading))], style.cyan('…'));
    }
    const cells = COLUMNS.map((c) => {
      const text = thousands(counts[c.key]);
      if (counts[c.key] === 0) return style.dim('·');
      return c.key === 'dead' ? style.yellow(text) : c.key === 'accepted' ? style.bold(text) : text;
    });
    return line(r.name, style.dim(r.id.padEnd(id)), cells, [balances(counts) ? style.green('✓') : style.red('✗'), r.note].filter(Boolean).join(' '));
  });
  const sum: RowCounts = { read: 0, accepted: 0, superseded: 0, void: 0, dead: 0 };
  for (const { counts, reading } of rows) {
    for (const { key } of COLUMNS) sum[key] += counts?.[key] ?? (key === 'read' ? (reading ?? 0) : 0);
  }
  const done = rows.every((r) => r.counts !== undefined);
  const total = line('合计', 'all', COLUMNS.map((c) => (done || c.key === 'read' ? thousands(sum[c.key]) : '')), done ? (balances(sum) ? style.green('✓') : style.red('✗')) : '');
  return [...head, ...body, style.bold(total)];
}

function balances(c: RowCounts): boolean {
  return c.read === c.accepted + c.superseded + c.void + c.dead;
}
