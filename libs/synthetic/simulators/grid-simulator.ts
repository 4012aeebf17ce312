import { join } from 'node:path';
import { Rng } from '../random.js';
import { readJsonLines } from './city-files.js';
import { Faults, type Fault } from './faults.js';
import { respelt } from './grid-echo.js';
import { GridRows, type GridRow, type SyncAnswer } from './grid-rows.js';
import type { HttpDoor } from './http-door.js';
import { HTTP_FAULTS } from './http-faults.js';
import { jsonOf, openJsonDoor, type JsonCall } from './json-door.js';
import { SPACED_CLOCK } from './office-clock.js';
import { PushQueue } from './push-queue.js';
import { known, refused } from './refusals.js';
import { isSigned, type Hmac } from './signature.js';
import { quietLog, type SimulatorLog } from './simulator-log.js';

export interface GridOptions {
  cityDir: string;
  hubUrl: string;
  /** Signs what the grid pushes. */
  pushSecret: string;
  /** Signs what the hub sends. */
  syncSecret: string;
  hmac?: Hmac;
  /** 0 or absent: any free port. */
  port?: number;
  /** Folder for what must survive a restart; absent: nothing does. */
  stateDir?: string;
  /** Share of late and repeated pushes; 0.05 when absent. */
  disorder?: number;
  log?: SimulatorLog;
}

export interface Written {
  at: number;
  item: Record<string, unknown>;
  answer: SyncAnswer;
}

const LARGEST_BODY = 4 * 1024 * 1024;
const MAX_ITEMS = 200;

/** The community grid as a running system: answers the hub's reads and writes, pushes every change (those the hub wrote, too), refuses what the real one refuses. */
export class GridSimulator {
  readonly faults = new Faults([...HTTP_FAULTS, 'busy', 'lost-answer', 'replay', 'out-of-order', 'echo']);
  /** Every item the hub tried to write, with the answer it got. */
  readonly written: Written[] = [];
  readonly pushes: PushQueue;
  private door!: HttpDoor;

  private constructor(private readonly options: GridOptions, private readonly table: GridRows) {
    this.pushes = new PushQueue(
      { hubUrl: options.hubUrl, path: '/intake/grid/persons', secret: options.pushSecret, hmac: options.hmac ?? 'sm3', disorder: options.disorder ?? 0.05,
        fault: () => this.faults.standing?.kind, log: options.log ?? quietLog }, new Rng('grid/push'));
  }

  static async start(options: GridOptions): Promise<GridSimulator> {
    const rows = readJsonLines(options.cityDir, 'grid', 'persons.jsonl', 'id', options.log ?? quietLog);
    // Ids minted after a restart must not repeat those of the run before.
    const table = new GridRows(rows, new Rng(`grid/ids/${Date.now()}`), options.stateDir && join(options.stateDir, 'grid.journal.jsonl'));
    const simulator = new GridSimulator(options, table);
    simulator.door = await openJsonDoor({ port: options.port, largestBody: LARGEST_BODY, faults: simulator.faults, serve: (call) => simulator.serve(call) });
    return simulator;
  }

  get url(): string {
    return this.door.url;
  }

  get size(): number {
    return this.table.rows.size;
  }

  /** The resident's row as it stands; undefined when there is none. */
  row(id: string): GridRow | undefined {
    const row = this.table.rows.get(id);
    return row && { ...row };
  }

  /** Ids of all residents, in a stable order. */
  ids(): string[] {
    return [...this.table.rows.keys()].sort();
  }

  /** First row that fits; for people at a console and for tests. */
  find(fits: (row: Readonly<GridRow>) => boolean): GridRow | undefined {
    for (const row of this.table.rows.values()) if (fits(row)) return { ...row };
    return undefined;
  }

  /** A grid worker changes a resident; the change is pushed. Throws YICI_SIMULATOR_UNKNOWN_KEY. */
  change(id: string, patch: Readonly<Record<string, unknown>>): GridRow {
    const row = known(this.table.rows.get(id), 'The grid has no resident with this id.');
    const next: GridRow = { ...row, ...patch, id, updateTime: later(SPACED_CLOCK.now(), row.updateTime) };
    this.table.put(next);
    this.pushes.add([next]);
    return { ...next };
  }

  /** A grid worker enters somebody new; returns the id. */
  add(columns: Readonly<Record<string, unknown>>): string {
    const { answer, row } = this.table.sync({ ref: `worker-${SPACED_CLOCK.now()}-${this.table.rows.size}`, ...columns }, SPACED_CLOCK.now());
    if (!row) throw refused(`The grid does not take this resident: ${answer.message}.`);
    this.pushes.add([row]);
    return row.id;
  }

  /** Pushes every row, as the grid does when a hub is connected for the first time. */
  pushAll(): void {
    this.pushes.add([...this.table.rows.values()]);
  }

  fail(fault: Fault, requests?: number): void {
    this.faults.fail(fault, requests);
  }

  async stop(): Promise<void> {
    await this.pushes.stop();
    await this.door.close();
  }

  private serve(call: JsonCall): void {
    const { method, url, headers, body } = call;
    if (!isSigned(this.options.hmac ?? 'sm3', this.options.syncSecret, headers, body, Date.now())) return call.answer(401, { message: 'signature' });
    if (method === 'POST' && url.pathname === '/api/population/sync') return this.sync(call);
    if (method === 'GET' && url.pathname === '/api/population') return this.list(call);
    const one = /^\/api\/population\/([^/]+)$/.exec(url.pathname);
    const row = one && method === 'GET' ? this.table.rows.get(decodeURIComponent(one[1]!)) : undefined;
    return row ? call.answer(200, row) : call.answer(404, { message: 'not found' });
  }

  private sync({ body, fault, answer, cut }: JsonCall): void {
    const items = jsonOf(body);
    if (!Array.isArray(items) || items.length === 0) return answer(400, { message: 'a JSON array of 1 to 200 items is expected' });
    if (items.length > MAX_ITEMS) return answer(413, { message: 'at most 200 items' });
    const changed: GridRow[] = [];
    const answers = items.map((item: unknown): SyncAnswer => {
      const given = item as { ref?: string; id?: string } | null;
      const done = fault?.kind === 'busy' ? { answer: { ref: given?.ref ?? null, id: given?.id ?? null, code: 503, message: 'busy' } } : this.table.sync(item, SPACED_CLOCK.now(), this.faults.standing?.kind === 'echo' ? respelt : undefined);
      this.written.push({ at: Date.now(), item: item as Record<string, unknown>, answer: done.answer });
      if ('row' in done && done.row) changed.push(done.row);
      return done.answer;
    });
    if (changed.length > 0) this.pushes.add(changed);
    if (fault?.kind === 'lost-answer') return cut();
    answer(200, answers);
  }

  /** Pages of rows changed since a time, by time and id; `cursor` is the last row of the page before. */
  private list({ url: { searchParams: query }, answer }: JsonCall): void {
    const limit = Math.min(1000, Math.max(1, Number(query.get('limit') ?? '200') || 200));
    const since = query.get('updatedSince') ?? '';
    const cursor = query.get('cursor') ?? '';
    const position = (r: GridRow): string => `${r.updateTime}|${r.id}`;
    const rows = [...this.table.rows.values()].filter((r) => r.updateTime >= since && position(r) > cursor).sort((a, b) => (position(a) < position(b) ? -1 : 1)).slice(0, limit);
    answer(200, { items: rows, cursor: rows.length === limit ? position(rows[rows.length - 1]!) : null });
  }
}

function later(a: string, b: string): string {
  return a > b ? a : b;
}
