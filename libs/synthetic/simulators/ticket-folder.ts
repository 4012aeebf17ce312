import { mkdirSync, readFileSync, readdirSync, renameSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { readCsvTable } from './city-files.js';
import type { SimulatorLog } from './simulator-log.js';

export interface Ticket {
  file: string;
  GDBH: string;
  GDLX: string;
  GMSFHM: string;
  XM: string;
  SM: string;
}

const NAME = /^GD_\d{17}_\d{3}\.csv$/;
const KINDS = new Set(['01', '02', '03']);

/** The drop folder of the register: takes ticket files away and files their tickets. A file that is no ticket file stays where it is and is named once. */
export class TicketFolder {
  readonly tickets: Ticket[] = [];
  readonly refused = new Map<string, string>();
  private timer: NodeJS.Timeout | undefined;

  /** Files taken are moved to `takenFolder` (on the same disk), or removed when there is none. */
  constructor(readonly folder: string, private readonly log: SimulatorLog, private readonly takenFolder?: string) {
    for (const dir of [folder, takenFolder]) if (dir !== undefined) mkdirSync(dir, { recursive: true });
  }

  watch(everyMs: number): void {
    this.timer = setInterval(() => this.takeAway(), everyMs);
    this.timer.unref();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /** Takes what lies there now; returns how many files it took. */
  takeAway(): number {
    let taken = 0;
    for (const file of readdirSync(this.folder).sort()) {
      if (file.startsWith('.') || this.refused.has(file)) continue;
      const fault = NAME.test(file) ? this.take(file) : 'the name is not GD_<yyyyMMddHHmmssSSS>_<nnn>.csv';
      if (fault === undefined) taken += 1;
      else {
        this.refused.set(file, fault);
        this.log('ticket-file-refused', { file, fault });
      }
    }
    return taken;
  }

  private take(file: string): string | undefined {
    const path = join(this.folder, file);
    const header = readFileSync(path).subarray(0, 24).toString('latin1');
    if (!header.startsWith('GDBH,GDLX,GMSFHM,XM,SM\r\n')) return 'the header is not GDBH,GDLX,GMSFHM,XM,SM';
    const rows = readCsvTable(path, 'GDBH', this.log);
    if (rows.length === 0) return 'it holds no ticket';
    if (rows.some((r) => !KINDS.has(r['GDLX'] ?? ''))) return 'a GDLX is not 01, 02 or 03';
    const known = new Set(this.tickets.map((t) => t.GDBH));
    for (const r of rows) if (!known.has(r['GDBH']!)) this.tickets.push({ file, GDBH: r['GDBH']!, GDLX: r['GDLX']!, GMSFHM: r['GMSFHM']!, XM: r['XM']!, SM: r['SM']! });
    if (this.takenFolder === undefined) unlinkSync(path);
    else renameSync(path, join(this.takenFolder, file));
    this.log('tickets-taken', { file, tickets: rows.length });
    return undefined;
  }
}
