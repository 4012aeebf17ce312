import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunningHub } from '#apps/hub/start-hub';
import { startHub } from '#apps/hub/start-hub';
import type { Connector } from '#libs/connector-sdk/connector';
import type { ReceiptLine } from '#libs/model/receipt';
import { YiciError } from '#libs/kernel/errors';
import type { Logger } from '#libs/platform/logger';
import { Shutdown } from '#libs/platform/shutdown';
import { thousands } from '../board/bar.js';
import { BoardReader, deliveryLines, foldedLine, hubBoard } from '../board/hub-board.js';
import { LoadBoard, loadedTable } from '../board/load-board.js';
import { receiptTable } from '../board/receipt-table.js';
import type { NamedSystem } from '../board/system-table.js';
import { padEnd } from '../text-width.js';
import { freePort } from '../free-port.js';
import { HubClient } from '../hub-client.js';
import { demoAccounts } from './demo-accounts.js';
import { approveAgreements, connect } from './demo-connections.js';
import { DemoFolder } from './demo-folder.js';
import { startDemoLegacy, type DemoLegacy } from './demo-legacy.js';
import { chooseMover, type DemoMover } from './demo-move.js';
import { loadDemoCity, writeDemoCity, type DemoSource } from './demo-store.js';
import type { DemoStage } from './demo-stage.js';

export interface DemoOptions extends DemoSource {
  port: number;
}

/** What a demo came to; `yici start --demo --once --json` prints it. */
export interface DemoOutcome {
  url: string;
  person: string;
  entryId: string;
  receipt: ReceiptLine[];
  tickets: { file: string; kind: string }[];
  ticketFolder: string;
  /** From the start to the filled receipt. */
  seconds: number;
}

const LIVE_TARGETS = ['grid', 'hukou'] as const;
const DONE = new Set(['written', 'pickedUp', 'confirmed']);
const RECEIPT_LIMIT_MS = 60_000;
/** How long the demo waits for the grid's own push and the register's hand, which answer what was written. */
const CONFIRM_MS = 4000;

/** The demo from an empty directory to the filled receipt; each step through the parts a real city uses. */
export class Demo {
  private readonly started = performance.now();
  private hub: RunningHub | undefined;
  private systems: NamedSystem[] = [];

  constructor(
    private readonly options: DemoOptions,
    private readonly stage: DemoStage,
    private readonly folder: DemoFolder,
    private readonly logger: Logger,
    private readonly shutdown: Shutdown,
  ) {}

  async run(connectors: readonly Connector[]): Promise<DemoOutcome> {
    this.systems = connectors.map(({ id, manifest }) => ({ id, name: manifest.name }));
    const port = await freePort(this.options.port);
    await this.city();
    await this.load();
    const legacy = await startDemoLegacy(this.folder, `http://127.0.0.1:${port}`, this.logger, this.shutdown);
    const accounts = await this.start(port, legacy);
    await this.approve(accounts.admin);
    return this.move(accounts.worker, legacy);
  }

  /** Draws the board until the process ends. */
  async watch(signal: AbortSignal): Promise<void> {
    const { stage, hub, systems } = this;
    const reader = new BoardReader(hub!.parts.store.dataSource, hub!.parts.clock);
    while (!signal.aborted) {
      const state = await reader.read().catch(() => undefined);
      if (state !== undefined && !signal.aborted) stage.area.update([...hubBoard(systems, state, stage.style), '', `  ${stage.style.bold(hub!.url)}   ${stage.style.dim('Ctrl-C 结束 ends')}`]);
      await sleep(1000, undefined, { signal }).catch(() => undefined);
    }
  }

  private async city(): Promise<void> {
    const { stage, folder, options } = this;
    stage.heading('造一座城', 'a fictional city');
    const made = await writeDemoCity(folder, options, (step, share) => stage.progress(step, share));
    stage.done(made
      ? `${thousands(options.persons)} 人，十二个系统各自的导出文件  persons in the files of twelve systems`
      : `沿用 ${folder.city}  the city of an earlier demo goes on (--reset begins anew)`);
  }

  private async load(): Promise<void> {
    const { stage, systems } = this;
    stage.heading('十二份导出合成一个库', 'twelve exports become one store');
    const board = new LoadBoard(systems, stage.style);
    const loaded = await stage.redrawing(() => board.lines(), () => loadDemoCity(this.folder, (p) => board.note(p)));
    stage.area.freeze(loaded === undefined ? [] : loadedTable(systems, loaded.rows, stage.style));
    stage.done(loaded === undefined ? '库中已有此城  the store holds it already'
      : `死信 ${thousands(Object.values(loaded.rows).reduce((n, r) => n + r.dead, 0))} dead letters kept with their bytes · 待核 ${thousands(loaded.reviews)} pairs for review`);
  }

  private async start(port: number, legacy: DemoLegacy): Promise<{ admin: HubClient; worker: HubClient }> {
    const { stage } = this;
    stage.heading('平台与两个在线系统', 'the hub and two live systems');
    const hub = await startHub({ port, dataDir: this.folder.dir, logger: this.logger, environment: { ...process.env, DATABASE_URL: undefined, DATABASE_OWNER_URL: undefined, KAFKA_BROKERS: undefined, ...legacy.environment } });
    this.hub = hub;
    this.shutdown.add('hub', () => hub.close());
    const accounts = await demoAccounts(hub);
    const state = await new BoardReader(hub.parts.store.dataSource, hub.parts.clock).read();
    stage.area.print(foldedLine(state, stage.style));
    const { dim } = stage.style;
    const at = (file: string): string => path.relative('', file) || file;
    stage.area.print(
      `  ${padEnd('平台 hub', 15)}${stage.style.bold(hub.url)}   ${dim(`日志 log ${at(this.folder.logFile)}`)}`,
      `  ${padEnd('综治网格 grid', 15)}${legacy.legacy.grid.url}   ${dim('REST, HMAC-SM3')}`,
      `  ${padEnd('户籍 hukou', 15)}PostgreSQL legacy.hukou   ${dim(`工单 tickets ${at(this.folder.tickets)}`)}`,
    );
    stage.done();
    stage.passwords(accounts);
    const as = (role: string): Promise<HubClient> => {
      const account = accounts.find((a) => a.role === role)!;
      return HubClient.signIn(hub.url, account.username, account.password);
    };
    return { admin: await as('admin'), worker: await as('worker') };
  }

  private async approve(admin: HubClient): Promise<void> {
    const { stage } = this;
    stage.heading('共享协议与首次对接', 'sharing agreements and first connections: the demo approves itself');
    const agreements = await approveAgreements(admin);
    stage.area.print(`  批准共享协议 ${thousands(agreements)} 份  agreements approved`);
    for (const target of LIVE_TARGETS) {
      const { rehearsal, due } = await connect(admin, target);
      const most = Object.entries(rehearsal.byField).sort((a, b) => b[1] - a[1]).slice(0, 5).map(([f, n]) => `${f} ${thousands(n)}`).join(' · ');
      const name = this.systems.find((s) => s.id === target)!.name;
      stage.area.print(`  首次对接 ${name}：差异 ${thousands(rehearsal.differences)} differences rehearsed，批准送达 ${thousands(due)} due`);
      if (most !== '') stage.area.print(stage.style.dim(`    ${most} …`));
    }
    stage.done();
  }

  private async move(worker: HubClient, legacy: DemoLegacy): Promise<DemoOutcome> {
    const { stage, hub } = this;
    stage.heading('一次录入', 'entered once: somebody who lives apart from the register moves');
    const { store, divisions } = hub!.parts;
    const mover = await chooseMover(store.pool, store.sealing, divisions);
    if (mover === undefined) throw nobody();
    this.introduce(mover);
    const { entryId } = await worker.post<{ entryId: string }>('/entries', {
      kind: 'move', direction: 'moved', personId: mover.personId, address: mover.next, occurredOn: todayInChina(),
    });
    stage.area.print(`  POST /entries → ${stage.style.dim(entryId)}`, '');
    const { receipt, filledAt } = await this.receipt(worker, entryId, legacy);
    const seconds = Math.round(filledAt - this.started) / 1000;
    stage.done(`回执已齐，自启动起 ${seconds.toFixed(1)} 秒  the receipt is filled, ${seconds.toFixed(1)} s after the start`);
    const state = await new BoardReader(store.dataSource, hub!.parts.clock).read();
    stage.area.print(...deliveryLines(this.systems, state, stage.style), '');
    const tickets = this.ticketsOf(receipt, legacy, mover);
    return { url: hub!.url, person: mover.personId, entryId, receipt, tickets, ticketFolder: this.folder.taken, seconds };
  }

  private introduce(mover: DemoMover): void {
    const { stage } = this;
    stage.area.print(
      `  ${stage.style.bold(mover.name)} ${mover.citizenId}  ${stage.style.dim(mover.personId)}`,
      `  户籍 registered  ${mover.registered}`,
      `  现住 lives at    ${mover.current}`,
      `  迁往 moves to    ${stage.style.bold(mover.next)}`,
    );
  }

  /** The receipt line by line until every target has answered, and a little longer until the live ones confirm. */
  private async receipt(worker: HubClient, entryId: string, legacy: DemoLegacy): Promise<{ receipt: ReceiptLine[]; filledAt: number }> {
    const { stage } = this;
    const end = performance.now() + RECEIPT_LIMIT_MS;
    for (let filledAt: number | undefined; ; await sleep(100)) {
      const receipt = await worker.get<ReceiptLine[]>(`/receipts/${entryId}`);
      const table = receiptTable(receipt, stage.style, { notes: notesOf(receipt, legacy), columns: stage.area.columns });
      if (filledAt === undefined && filled(receipt)) filledAt = performance.now();
      if (filledAt !== undefined && (confirmed(receipt) || performance.now() - filledAt > CONFIRM_MS)) {
        stage.area.freeze([...table, '']);
        return { receipt, filledAt };
      }
      stage.area.update(table);
      if (performance.now() > end || receipt.some((l) => l.state === 'rejected')) {
        stage.area.freeze();
        throw notFilled(receipt);
      }
    }
  }

  /** Tickets about the mover that the register took or may take, by file. */
  private ticketsOf(receipt: readonly ReceiptLine[], { legacy }: DemoLegacy, mover: DemoMover): DemoOutcome['tickets'] {
    if (!receipt.some((l) => l.target === 'hukou' && DONE.has(l.state))) return [];
    legacy.hukou.takeTickets();
    return legacy.hukou.tickets.filter((t) => t.XM === mover.name).map((t) => ({ file: t.file, kind: t.GDLX }));
  }
}

function notesOf(lines: readonly ReceiptLine[], { legacy }: DemoLegacy): Record<string, string> {
  const notes: Record<string, string> = {};
  const last = legacy.hukou.tickets.at(-1);
  for (const { target, state } of lines) {
    if (!DONE.has(state)) continue;
    if (target === 'hukou') notes[target] = `工单 ticket 03${last === undefined ? '' : `  ${last.file}`}`;
    if (target === 'grid') notes[target] = `POST /api/population/sync → ${legacy.grid.written.at(-1)?.answer.code ?? ''}`;
  }
  return notes;
}

/** Every target answered, and both live ones have it. */
function filled(lines: readonly Pick<ReceiptLine, 'target' | 'state' | 'reasonCode'>[]): boolean {
  return lines.length > 0 && lines.every((l) => (LIVE_TARGETS as readonly string[]).includes(l.target) ? DONE.has(l.state) : l.reasonCode !== 'notProcessed');
}

/** Both live ones have answered what was written there. */
function confirmed(lines: readonly ReceiptLine[]): boolean {
  return lines.every((l) => !(LIVE_TARGETS as readonly string[]).includes(l.target) || l.state === 'confirmed' || l.state === 'pickedUp');
}

function todayInChina(): string {
  return new Intl.DateTimeFormat('sv-SE', { timeZone: 'Asia/Shanghai' }).format(Date.now());
}

function nobody(): YiciError {
  return new YiciError({ code: 'YICI_DEMO_NO_MOVER', stage: 'serving', message: 'Nobody in this demo city lives apart from the register any more.', fix: 'Start with --reset.' });
}

function notFilled(lines: readonly ReceiptLine[]): YiciError {
  const open = lines.filter((l) => !filled([l])).map((l) => `${l.target}: ${l.stateEn}${l.en === undefined ? '' : `, ${l.en}`}`);
  return new YiciError({
    code: 'YICI_DEMO_RECEIPT_OPEN', stage: 'sending', message: `The receipt is not filled (${open.join('; ')}).`, fix: 'The log file of the demo says why.',
  });
}
