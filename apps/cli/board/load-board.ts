import type { LoadProgress, LoadResult } from '#libs/bulk/load-result';
import { bar } from './bar.js';
import type { Style } from './style.js';
import { systemTable, type NamedSystem } from './system-table.js';

const STAGES: Record<LoadProgress['stage'], string> = {
  decode: '读取 decode', resolve: '识别 resolve', golden: '归并 golden records', copy: '入库 store', index: '索引 index',
};
const SPINNER = '⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏';

/** The load as it runs: rows read by system, then the stage at hand. */
export class LoadBoard {
  private readonly reading = new Map<string, number>();
  private at: LoadProgress | undefined;
  private turn = 0;

  constructor(private readonly systems: readonly NamedSystem[], private readonly style: Style) {}

  note(progress: LoadProgress): void {
    this.at = progress;
    if (progress.system !== undefined) this.reading.set(progress.system, progress.done);
  }

  lines(): string[] {
    const { at } = this;
    const table = systemTable(this.systems.map((s) => ({ ...s, reading: this.reading.get(s.id) })), this.style);
    const known = at !== undefined && at.total > 0;
    const share = known ? `  ${bar(at.done / at.total, 24)}` : '';
    const spin = SPINNER[this.turn++ % SPINNER.length]!;
    return [...table, `  ${this.style.cyan(spin)} ${at === undefined ? '启动数据库 starting PostgreSQL' : STAGES[at.stage]}${this.style.cyan(share)}`];
  }
}

/** The table of a finished load. */
export function loadedTable(systems: readonly NamedSystem[], rows: LoadResult['rows'], style: Style): string[] {
  return systemTable(systems.map((s) => ({ ...s, counts: rows[s.id] ?? { read: 0, accepted: 0, superseded: 0, void: 0, dead: 0 } })), style);
}
