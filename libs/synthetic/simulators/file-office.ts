import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { texts } from './city-files.js';
import { Faults } from './faults.js';
import { SERVER_FAULTS } from './ftp-server.js';
import { known, refused } from './refusals.js';
import type { Simulator, SimulatorContext, SystemRow, WrittenBack } from './simulator.js';
import { respelt, type EchoKind } from './soap-echo.js';

/** A row as the office keeps it; one that its own program cannot show has its bytes only. */
export interface OfficeRow {
  bytes: Buffer | undefined;
  cells: Record<string, string> | undefined;
}

export interface ExportFile {
  name: string;
  bytes: Buffer;
  /** Written after it. */
  manifest?: { name: string; bytes: Buffer };
}

/** One changed value or row of a file that the hub dropped. */
export interface DroppedChange {
  key: string;
  columns: Record<string, string>;
  /** Why the office does not take it, in its own words. */
  refused?: string;
}

/** What is particular to one system that lives by files. */
export interface OfficeHabits {
  system: string;
  /** Its export in a city directory. */
  cityFile: RegExp;
  /** `HUB_…` files that it takes away, and the ending of the manifest that must lie beside them. */
  drop: RegExp;
  dropManifest?: string;
  read(bytes: Buffer): OfficeRow[];
  /** Date of an export, yyyymmdd. */
  dateOf(name: string, bytes: Buffer): string;
  write(rows: readonly OfficeRow[], date: string): ExportFile;
  /** Key of a row that can be shown, '' when it has none. */
  keyOf(cells: Readonly<Record<string, string>>): string;
  /** What a dropped file changes; a sentence when it is refused as a whole. */
  readDrop(bytes: Buffer, manifest: Buffer | undefined): DroppedChange[] | string;
  /** A new row with the key that the office gives out; a sentence when it refuses. */
  mint(row: Readonly<Record<string, string>>, keys: ReadonlySet<string>): Record<string, string> | string;
  /** How the system spells what it got when it does not keep it as it came. */
  spellings: Readonly<Record<string, EchoKind>>;
}

interface State {
  date: string;
  rows: [bytes: string | null, cells: Record<string, string> | null][];
  written: WrittenBack[];
}

const LOOK_MS = 200;
const SAVE_MS = 300;
const GROW_MS = 700;
const GROWTHS = 4;
const DAY_MS = 86_400_000;

/**
 * An office that gives out its whole file again and again and takes changes from files that are dropped for it: the part that
 * family planning, disability and social insurance have in common. Its state lives in its folder and survives a restart. A row that nobody changed leaves
 * with the very bytes it came with.
 */
export class FileOffice {
  readonly faults = new Faults([...SERVER_FAULTS, 'corrupt-file', 'growing-file', 'replay', 'out-of-order', 'echo']);
  /** The served folder: `export` and `import`. */
  readonly root: string;
  private readonly rows: OfficeRow[] = [];
  private readonly byKey = new Map<string, OfficeRow>();
  private readonly writes: WrittenBack[] = [];
  private readonly refused = new Set<string>();
  private readonly timers = new Set<NodeJS.Timeout>();
  /** The rows as they were exported last, and the export itself. */
  private before: OfficeRow[] = [];
  private firstExport: ExportFile | undefined;
  private date = '';
  private readonly watch: NodeJS.Timeout;
  private saving: NodeJS.Timeout | undefined;

  constructor(private readonly habits: OfficeHabits, private readonly context: Pick<SimulatorContext, 'cityDir' | 'dir' | 'log'>) {
    this.root = join(context.dir, 'files');
    for (const dir of ['export', 'import']) mkdirSync(join(this.root, dir), { recursive: true });
    mkdirSync(join(context.dir, 'taken'), { recursive: true });
    if (existsSync(this.stateFile)) this.recall();
    else this.begin();
    this.watch = setInterval(() => this.takeDrops(), LOOK_MS);
    this.watch.unref();
  }

  keys(): readonly string[] {
    return [...this.byKey.keys()];
  }

  record(key: string): SystemRow | undefined {
    const cells = this.byKey.get(key)?.cells;
    return cells && { ...cells };
  }

  change(key: string, patch: SystemRow): void {
    this.set(known(this.byKey.get(key), 'The office has no person with this key.'), texts(patch));
    this.save();
  }

  add(row: SystemRow): string {
    const given = Object.fromEntries(Object.entries(row).map(([column, value]) => [column, String((value as string | null) ?? '')]));
    const minted = this.habits.mint(given, new Set(this.byKey.keys()));
    if (typeof minted === 'string') throw refused(minted);
    this.keep({ bytes: undefined, cells: minted });
    this.save();
    return this.habits.keyOf(minted);
  }

  written(): readonly WrittenBack[] {
    return this.writes;
  }

  /** Lies in the import folder and is not taken, because it is no file of the hub or a wrong one. */
  refusedFiles(): readonly string[] {
    return [...this.refused];
  }

  /** Writes the next export, of the next day; or what the fault that is due makes of it. */
  publish(): void {
    const fault = this.faults.nextOf(['corrupt-file', 'growing-file', 'replay', 'out-of-order']);
    if (fault?.kind === 'replay' && this.firstExport !== undefined) return this.lay(this.firstExport);
    if (fault?.kind === 'out-of-order') return this.lay(this.habits.write(this.before, dayAfter(this.date, -1)));
    this.date = dayAfter(this.date, 1);
    const file = this.habits.write(this.rows, this.date);
    this.before = this.rows.map((row) => ({ ...row }));
    this.save();
    if (fault?.kind === 'corrupt-file') return this.lay({ ...file, bytes: file.bytes.subarray(0, Math.trunc(file.bytes.length * 0.7)) });
    if (fault?.kind === 'growing-file') return this.grow(file);
    this.lay(file);
  }

  /** Looks into the import folder now; returns how many files it took. */
  takeDrops(): number {
    let taken = 0;
    for (const name of readdirSync(join(this.root, 'import')).sort()) {
      if (!this.habits.drop.test(name) || this.refused.has(name)) continue;
      const manifestName = this.habits.dropManifest === undefined ? undefined : name.replace(/\.[^.]+$/, this.habits.dropManifest);
      if (manifestName !== undefined && !existsSync(join(this.root, 'import', manifestName))) continue;
      const file = (n: string): Buffer => readFileSync(join(this.root, 'import', n));
      const changes = this.habits.readDrop(file(name), manifestName === undefined ? undefined : file(manifestName));
      if (typeof changes === 'string') {
        this.refused.add(name);
        this.context.log('drop-refused', { file: name, fault: changes });
        continue;
      }
      for (const change of changes) this.apply(change);
      for (const n of [name, ...(manifestName === undefined ? [] : [manifestName])]) renameSync(join(this.root, 'import', n), join(this.context.dir, 'taken', n));
      this.context.log('drop-taken', { file: name, changes: changes.length });
      taken += 1;
    }
    if (taken > 0) {
      this.save();
      if (this.faults.standing?.kind === 'echo') this.publish();
    }
    return taken;
  }

  stop(): void {
    clearInterval(this.watch);
    for (const timer of this.timers) clearTimeout(timer);
    this.saveNow();
  }

  private apply({ key, columns, refused }: DroppedChange): void {
    const row = this.byKey.get(key);
    const answer = refused ?? (row === undefined ? '查无此人' : 'taken');
    this.writes.push({ at: Date.now(), ...(row !== undefined && { key }), columns, answer });
    if (answer === 'taken') this.set(row!, this.faults.standing?.kind === 'echo' ? respelt(columns, this.habits.spellings) : columns);
  }

  private set(row: OfficeRow, patch: Readonly<Record<string, string>>): void {
    const changed = Object.entries(patch).some(([column, value]) => row.cells![column] !== value);
    if (!changed) return;
    row.cells = { ...row.cells, ...patch };
    row.bytes = undefined;
  }

  private begin(): void {
    const { cityFile, system } = this.habits;
    const dir = join(this.context.cityDir, system);
    const name = existsSync(dir) ? readdirSync(dir).sort().filter((n) => cityFile.test(n)).at(-1) : undefined;
    if (name === undefined) {
      this.date = '20260101';
      return;
    }
    const bytes = readFileSync(join(dir, name));
    this.date = this.habits.dateOf(name, bytes);
    this.load(this.habits.read(bytes));
    const manifest = readdirSync(dir).find((n) => n !== name && n.startsWith(`${name.replace(/\.[^.]+$/, '')}.`));
    this.firstExport = { name, bytes, ...(manifest !== undefined && { manifest: { name: manifest, bytes: readFileSync(join(dir, manifest)) } }) };
    this.lay(this.firstExport);
    // As if it had been exported on its day.
    const at = new Date(`${this.date.slice(0, 4)}-${this.date.slice(4, 6)}-${this.date.slice(6)}T00:00:00+08:00`);
    for (const n of [name, ...(manifest === undefined ? [] : [manifest])]) utimesSync(join(this.root, 'export', n), at, at);
    this.save();
  }

  private load(rows: readonly OfficeRow[]): void {
    rows.forEach((row, i) => {
      if (row.cells === undefined || this.habits.keyOf(row.cells) === '') this.context.log('row-unreadable', { row: i + 1 });
      this.keep(row);
    });
    this.before = this.rows.map((row) => ({ ...row }));
  }

  private keep(row: OfficeRow): void {
    this.rows.push(row);
    const key = row.cells === undefined ? '' : this.habits.keyOf(row.cells);
    if (key !== '') this.byKey.set(key, row);
  }

  private lay({ name, bytes, manifest }: ExportFile): void {
    writeFileSync(join(this.root, 'export', name), bytes);
    if (manifest !== undefined) writeFileSync(join(this.root, 'export', manifest.name), manifest.bytes);
  }

  /** Part by part, as a slow export does it; its manifest last. */
  private grow({ name, bytes, manifest }: ExportFile): void {
    const step = (n: number): void => {
      writeFileSync(join(this.root, 'export', name), bytes.subarray(0, Math.ceil((bytes.length * n) / GROWTHS)));
      if (n === GROWTHS) {
        if (manifest !== undefined) writeFileSync(join(this.root, 'export', manifest.name), manifest.bytes);
        return;
      }
      const timer = setTimeout(() => {
        this.timers.delete(timer);
        step(n + 1);
      }, GROW_MS);
      this.timers.add(timer);
    };
    step(1);
  }

  private get stateFile(): string {
    return join(this.context.dir, 'state.json');
  }

  /** Soon, and once for many changes. */
  private save(): void {
    if (this.saving !== undefined) return;
    this.saving = setTimeout(() => this.saveNow(), SAVE_MS);
  }

  private saveNow(): void {
    clearTimeout(this.saving);
    this.saving = undefined;
    const state: State = { date: this.date, rows: this.rows.map((r) => [r.bytes?.toString('base64') ?? null, r.cells ?? null]), written: this.writes };
    writeFileSync(`${this.stateFile}.new`, JSON.stringify(state));
    renameSync(`${this.stateFile}.new`, this.stateFile);
  }

  private recall(): void {
    const state = JSON.parse(readFileSync(this.stateFile, 'utf8')) as State;
    this.date = state.date;
    this.writes.push(...state.written);
    this.load(state.rows.map(([bytes, cells]) => ({ bytes: bytes === null ? undefined : Buffer.from(bytes, 'base64'), cells: cells ?? undefined })));
  }
}

/** An office and its server as one of the twelve simulators. */
export function officeSimulator(system: string, office: FileOffice, environment: Readonly<Record<string, string>>, server: { stop(): Promise<void> }): Simulator {
  return {
    system, environment, faults: office.faults,
    keys: () => Promise.resolve(office.keys()),
    record: (key) => Promise.resolve(office.record(key)),
    change: async (key, patch) => Promise.resolve(office.change(key, patch)),
    add: async (row) => Promise.resolve(office.add(row)),
    written: () => Promise.resolve(office.written()),
    publish: () => Promise.resolve(office.publish()),
    stop: async () => {
      office.stop();
      await server.stop();
    },
  };
}

/** User and password of the office's server: those in the address when one is given, else the secret is the password. */
export function serverAccount(secret: string): { user: string; password: string; port?: number } {
  if (!URL.canParse(secret) || !secret.includes('@')) return { user: 'hub', password: secret };
  const url = new URL(secret);
  return { user: decodeURIComponent(url.username), password: decodeURIComponent(url.password), ...(url.port !== '' && { port: Number(url.port) }) };
}

function dayAfter(date: string, days: number): string {
  const at = Date.UTC(Number(date.slice(0, 4)), Number(date.slice(4, 6)) - 1, Number(date.slice(6))) + days * DAY_MS;
  return new Date(at).toISOString().slice(0, 10).replaceAll('-', '');
}
