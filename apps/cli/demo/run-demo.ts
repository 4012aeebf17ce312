import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunningHub } from '#apps/hub/start-hub';
import { startHub } from '#apps/hub/start-hub';
import type { Connector } from '#libs/connector-sdk/connector';
import type { ReceiptLine } from '#libs/model/receipt';
import { YiciError } from '#libs/kernel/errors';
import type { Logger } from '#libs/platform/logger';
import { Shutdown } from '#libs/platform/shutdown';
import { storedPartitionHash } from '#libs/resolution/partition-reader';
import { thousands } from '../board/bar.js';
import { BoardReader, hubBoard } from '../board/hub-board.js';
import { receiptTable } from '../board/receipt-table.js';
import type { NamedSystem } from '../board/system-table.js';
import { padEnd } from '../text-width.js';
import { freePort } from '../free-port.js';
import { HubClient } from '../hub-client.js';
import { demoAccounts } from './demo-accounts.js';
import { writeDemoCity, type DemoSource } from './demo-city.js';
import { approveAgreements, connect } from './demo-connections.js';
import { DemoFolder } from './demo-folder.js';
import { startDemoLegacy, type DemoLegacy } from './demo-legacy.js';
import { DemoLife } from './demo-life.js';
import { chooseMover, type DemoMover } from './demo-move.js';
import { DemoProgress } from './demo-progress.js';
import { OFFICE_ACCOUNT, officeAccount } from './office-account.js';
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
  /** How many values and rows the hub wrote to each system, as the system itself counts them. */
  written: Record<string, number>;
  /** Of what the systems hold, before anything was written to them. */
  partitionHash: string;
  /** Seconds since the start. */
  seconds: { pageUp: number; allRead: number; firstDelivered: number; receipt: number };
}

const RECEIPT_LIMIT_MS = 60_000;
/** How long the demo waits for what answers a write later: a file taken away, an echo. */
const CONFIRM_MS = 6000;

/** The demo from an empty directory to the filled receipt; each step through the parts a real city uses. */
export class Demo {
  private readonly started = performance.now();
  private hub: RunningHub | undefined;
  private legacy: DemoLegacy | undefined;
  private systems: NamedSystem[] = [];
  private readonly seconds: Partial<DemoOutcome['seconds']> = {};

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
    const { admin, worker } = await this.start(port, connectors);
    await this.read(connectors);
    const { pool, sealing } = this.hub!.parts.store;
    const partitionHash = await storedPartitionHash(pool, sealing);
    await this.approve(admin, connectors);
    return { ...await this.move(worker), partitionHash };
  }

  /** Draws the board until the process ends, while the offices of the city go on working. */
  async watch(signal: AbortSignal): Promise<void> {
    const { stage, hub, systems } = this;
    const life = new DemoLife(this.legacy!.legacy.simulators, this.logger);
    const living = life.live(signal);
    const reader = new BoardReader(hub!.parts.store.dataSource, hub!.parts.clock);
    const { dim, bold } = stage.style;
    while (!signal.aborted) {
      const state = await reader.read().catch(() => undefined);
      const news = life.changes.map(({ at, system, columns }) => dim(`  ${clock(at)}  ${this.nameOf(system)} 改了 changed ${columns.join(', ')}`));
      if (state !== undefined && !signal.aborted) stage.area.update([...hubBoard(systems, state, stage.style), '', ...news, '', `  ${bold(hub!.url)}   ${dim('Ctrl-C 结束 ends')}`]);
      await sleep(1000, undefined, { signal }).catch(() => undefined);
    }
    await living;
  }

  private async city(): Promise<void> {
    const { stage, folder, options } = this;
    stage.heading('造一座城', 'a fictional city');
    const made = await writeDemoCity(folder, options, (step, share) => stage.progress(step, share));
    stage.done(made
      ? `${thousands(options.persons)} 人，十二个系统各自的数据  persons, in the data of twelve systems`
      : `沿用 ${folder.city}  the city of an earlier demo goes on (--reset begins anew)`);
  }

  private async start(port: number, connectors: readonly Connector[]): Promise<{ admin: HubClient; worker: HubClient }> {
    const { stage, folder } = this;
    stage.heading('十二个系统与平台', 'twelve systems, and the hub');
    const demo = await startDemoLegacy(folder, `http://127.0.0.1:${port}`, this.logger, this.shutdown);
    this.legacy = demo;
    const hub = await startHub({
      port, dataDir: folder.dir, cityDir: folder.divisions, logger: this.logger,
      environment: { ...ownEnvironment(), YICI_POLL_AT_MOST_SECONDS: '2', ...demo.environment },
    });
    this.hub = hub;
    this.shutdown.add('hub', () => hub.close());
    const accounts = await demoAccounts(hub);
    this.seconds.pageUp = this.since();
    const { dim, bold } = stage.style;
    stage.area.print(...connectors.filter((c) => demo.legacy.simulators.some((s) => s.system === c.id)).map((c) => `  ${padEnd(c.manifest.name, 24)}${dim(waysOf(c))}`));
    const at = (file: string): string => path.relative('', file) || file;
    stage.area.print(
      '', `  ${padEnd('平台 hub', 24)}${bold(hub.signInLink('worker'))}`,
      dim(`  ${padEnd('', 24)}十分钟内打开即已登录（工作人员） opens signed in as a worker, within ten minutes`),
      `  ${padEnd('各系统的操作台 systems', 24)}${demo.control.url}   ${dim(`日志 log ${at(folder.logFile)}`)}`,
    );
    stage.done(`网页已开，自启动起 ${this.seconds.pageUp} 秒  the page is up, ${this.seconds.pageUp} s after the start`);
    stage.passwords(accounts);
    const as = (role: string): Promise<HubClient> => {
      const account = accounts.find((a) => a.role === role)!;
      return HubClient.signIn(hub.url, account.username, account.password);
    };
    const admin = await as('admin');
    demo.tell(OFFICE_ACCOUNT, await officeAccount(admin));
    return { admin, worker: await as('worker') };
  }

  private async read(connectors: readonly Connector[]): Promise<void> {
    const { stage, hub, systems } = this;
    stage.heading('各系统的数据汇成一个库', 'what each system knows, over its own protocol, becomes one store');
    const { simulators } = this.legacy!.legacy;
    // Who can be asked is asked anyway.
    const asked = new Set(connectors.filter((c) => c.manifest.live.some((l) => 'pollSeconds' in l)).map((c) => c.id));
    await Promise.all(simulators.filter((s) => !asked.has(s.system)).map((s) => s.publish()));
    await this.watching(() => new DemoProgress(hub!.parts).allRead(simulators.map((s) => s.system)));
    const state = await new BoardReader(hub!.parts.store.dataSource, hub!.parts.clock).read();
    this.seconds.allRead = this.since();
    stage.area.freeze(hubBoard(systems, state, stage.style));
    stage.done(`自启动起 ${this.seconds.allRead} 秒  ${this.seconds.allRead} s after the start`);
  }

  /** Draws the board as it fills. */
  private async watching(work: () => Promise<void>): Promise<void> {
    const { stage, hub, systems } = this;
    const reader = new BoardReader(hub!.parts.store.dataSource, hub!.parts.clock);
    let lines: string[] = [];
    let reading = false;
    await stage.redrawing(() => {
      if (!reading) {
        reading = true;
        void reader.read().then((state) => { lines = hubBoard(systems, state, stage.style); }, () => undefined).finally(() => { reading = false; });
      }
      return lines;
    }, work);
  }

  private async approve(admin: HubClient, connectors: readonly Connector[]): Promise<void> {
    const { stage, hub } = this;
    stage.heading('共享协议与首次对接', 'sharing agreements and first connections: the demo approves itself');
    const agreements = await approveAgreements(admin);
    stage.area.print(`  批准共享协议 ${thousands(agreements)} 份  agreements approved`);
    for (const { id, manifest } of await this.largestFirst(connectors.filter((c) => c.manifest.mode === 'live'))) {
      const { rehearsal, due } = await connect(admin, id);
      const most = Object.entries(rehearsal.byField).sort((a, b) => b[1] - a[1]).slice(0, 3).map(([f, n]) => `${f} ${thousands(n)}`).join(' · ');
      stage.area.print(`  ${padEnd(manifest.name, 24)}差异 differences ${padEnd(thousands(rehearsal.differences), 7)}送达 due ${padEnd(thousands(due), 7)}${stage.style.dim(most)}`);
    }
    await this.watching(() => new DemoProgress(hub!.parts).allDelivered());
    this.seconds.firstDelivered = this.since();
    stage.area.freeze([]);
    stage.done(`首批差异已送达，自启动起 ${this.seconds.firstDelivered} 秒  the first differences are delivered, ${this.seconds.firstDelivered} s after the start`);
  }

  /** Who holds most is told most: their differences are under way while those of the others are rehearsed. */
  private async largestFirst(connectors: readonly Connector[]): Promise<Connector[]> {
    const { store, clock } = this.hub!.parts;
    const { counts } = await new BoardReader(store.dataSource, clock).read();
    const accepted = new Map(counts.systems.map((s) => [s.system, s.accepted]));
    return [...connectors].sort((a, b) => (accepted.get(b.id) ?? 0) - (accepted.get(a.id) ?? 0));
  }

  private async move(worker: HubClient): Promise<Omit<DemoOutcome, 'partitionHash'>> {
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
    const receipt = await this.receipt(worker, entryId);
    const seconds = { pageUp: this.seconds.pageUp!, allRead: this.seconds.allRead!, firstDelivered: this.seconds.firstDelivered!, receipt: this.seconds.receipt! };
    stage.done(`回执已齐，自启动起 ${seconds.receipt} 秒  the receipt is filled, ${seconds.receipt} s after the start`);
    const written = Object.fromEntries(await Promise.all(this.legacy!.legacy.simulators.map(async (s) => [s.system, (await s.written()).length] as const)));
    return { url: hub!.url, person: mover.personId, entryId, receipt, written, seconds };
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

  /** The receipt line by line until every target has answered, and a little longer for those that confirm later. */
  private async receipt(worker: HubClient, entryId: string): Promise<ReceiptLine[]> {
    const { stage } = this;
    const end = performance.now() + RECEIPT_LIMIT_MS;
    for (let filledAt: number | undefined; ; await sleep(100)) {
      const receipt = await worker.get<ReceiptLine[]>(`/receipts/${entryId}`);
      const table = receiptTable(receipt, stage.style, { columns: stage.area.columns });
      if (filledAt === undefined && filled(receipt)) {
        filledAt = performance.now();
        this.seconds.receipt = this.since();
      }
      if (filledAt !== undefined && (receipt.every((l) => l.state !== 'written') || performance.now() - filledAt > CONFIRM_MS)) {
        stage.area.freeze([...table, '']);
        return receipt;
      }
      stage.area.update(table);
      if (performance.now() > end || receipt.some((l) => l.state === 'rejected')) {
        stage.area.freeze();
        throw notFilled(receipt);
      }
    }
  }

  private nameOf(system: string): string {
    return this.systems.find((s) => s.id === system)?.name ?? system;
  }

  /** Seconds since the start, to a tenth. */
  private since(): number {
    return Math.round((performance.now() - this.started) / 100) / 10;
  }
}

/** A demo has a database and a log of its own, whatever this machine's hub has. */
function ownEnvironment(): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(DATABASE_|KAFKA_|YICI_KAFKA_)/.test(name)));
}

/** How a system is read and written. */
function waysOf({ manifest: { live, delivery } }: Connector): string {
  return `${live.map((l) => l.protocol).join(' + ')} → ${delivery?.protocol ?? '–'}`;
}

/** Every target answered. */
function filled(lines: readonly ReceiptLine[]): boolean {
  return lines.length > 0 && lines.every((l) => l.state !== 'waiting');
}

function clock(at: Date): string {
  return new Intl.DateTimeFormat('sv-SE', { timeZone: 'Asia/Shanghai', timeStyle: 'medium' }).format(at);
}

function todayInChina(): string {
  return new Intl.DateTimeFormat('sv-SE', { timeZone: 'Asia/Shanghai' }).format(Date.now());
}

function nobody(): YiciError {
  return new YiciError({ code: 'YICI_DEMO_NO_MOVER', stage: 'serving', message: 'Nobody in this demo city lives apart from the register any more.', fix: 'Start with --reset.' });
}

function notFilled(lines: readonly ReceiptLine[]): YiciError {
  const open = lines.filter((l) => !filled([l]) || l.state === 'rejected').map((l) => `${l.target}: ${l.stateEn}${l.en === undefined ? '' : `, ${l.en}`}`);
  return new YiciError({
    code: 'YICI_DEMO_RECEIPT_OPEN', stage: 'sending', message: `The receipt is not filled (${open.join('; ')}).`, fix: 'The log file of the demo says why.',
  });
}
