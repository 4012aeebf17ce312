import path from 'node:path';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { FixedClock } from '#libs/kernel/clock';
import type { RecordKey } from '#libs/kernel/record-key';
import { authorityRows } from '#libs/connector-sdk/authority-rows';
import { loadConnector } from '#libs/connector-sdk/load-connector';
import { FanoutStore } from '#libs/fanout/fanout-store';
import { proposalsOf } from '#libs/fanout/propose-agreements';
import { targetOf, type Target } from '#libs/fanout/target';
import type { GoldenRecordChanged } from '#libs/model/events';
import type { PersonBody } from '#libs/model/bodies';
import type { AnySourceRecord, SourceRecord } from '#libs/model/source-record';
import { Sealing } from '#libs/platform/sealing';
import { ephemeralSealingKeys } from '#libs/platform/sealing-keys';
import { projectRoot } from '#libs/platform/project-root';
import { HUB_AUTHORITY } from '#libs/survivorship/hub-authority';
import { replaceAuthority } from '#libs/store/authority-store';
import { SourceRecordStore } from '#libs/store/source-record-store';
import { UnitOfWork } from '#libs/store/unit-of-work';
import { createTestDatabase, type TestDatabase } from './test-database.js';

/** A store with persons in it, as resolution would leave them, and the folders of hukou and grid as targets. */
export interface FanoutStage {
  db: TestDatabase;
  sealing: Sealing;
  clock: FixedClock;
  store: FanoutStore;
  grid: Target;
  hukou: Target;
  /** Puts records and makes them the members of an entity. */
  person(entityId: string, ...records: AnySourceRecord[]): Promise<void>;
  change(entityId: string, version: number, changed: string[], causes: RecordKey[], more?: Partial<GoldenRecordChanged>): { id: string; data: GoldenRecordChanged };
  close(): Promise<void>;
}

export async function fanoutStage(): Promise<FanoutStage> {
  const db = await createTestDatabase();
  const sealing = new Sealing(ephemeralSealingKeys());
  const clock = new FixedClock(Date.parse('2026-07-01T08:00:00+08:00'));
  const unitOfWork = new UnitOfWork(db.dataSource);
  const store = new FanoutStore(db.pool, unitOfWork, sealing, clock);
  const connectors = ['hukou', 'grid'].map((id) => loadConnector(path.join(projectRoot(), 'connectors', id)));
  const [hukou, grid] = connectors.map(targetOf) as [Target, Target];
  const records = new SourceRecordStore(sealing);
  await unitOfWork.run(async (tx) => {
    await replaceAuthority(tx, [...HUB_AUTHORITY, ...connectors.flatMap(authorityRows)]);
    await store.agreements.propose(tx, proposalsOf(connectors));
    await store.agreements.approve(tx, {}, 'test');
  });
  for (const target of [hukou, grid]) {
    await unitOfWork.run(async (tx) => {
      await store.connections.rehearsed(tx, target.id, 0);
      await store.connections.approve(tx, target.id, 'test');
    });
  }
  return {
    db, sealing, clock, store, grid, hukou,
    person: async (entityId, ...members) => {
      await unitOfWork.run(async (tx) => {
        const put = await records.put(tx, members);
        await tx.client.query(
          `insert into entity (id, record_type, version, state, valid_from, recorded_at, member_count, sealed_golden) values ($1, 'person', 1, 'active', now(), now(), $2, '')
           on conflict (id) do update set version = entity.version + 1`, [entityId, members.length]);
        for (const p of put) {
          await tx.client.query(
            'insert into crosswalk (record_id, entity_id, linked_at) values ($1, $2, now()) on conflict (record_id) do update set entity_id = excluded.entity_id', [p.id, entityId]);
        }
      });
    },
    change: (entityId, version, changed, causes, more = {}) => ({
      id: `${entityId}-${version}`, data: { entityId, recordType: 'person', version, changed, causes, kind: 'updated', initial: false, ...more },
    }),
    close: () => db.drop(),
  };
}

export function personRecord(system: string, naturalKey: string, body: PersonBody, more: Partial<SourceRecord<'person'>> = {}): SourceRecord<'person'> {
  return {
    system, recordType: 'person', naturalKey, order: '1', sourceTime: '2026-01-01T00:00:00+08:00', observedAt: '2026-06-30T00:00:00+08:00', state: 'current', body,
    origin: { source: 'test', position: 1 }, ...more,
  };
}

export function nameOf(value: string): { value: string; key: string } {
  return { value, key: value };
}

export interface GridRow {
  id: string;
  columns: Record<string, unknown>;
  writes: number;
}

/** A tiny grid of its own: keeps rows, mints keys, remembers refs, and fails as told. */
export class TinyGrid {
  readonly rows = new Map<string, GridRow>();
  readonly refs = new Map<string, string>();
  readonly requests: unknown[][] = [];
  /** HTTP status to answer the next calls with. */
  failures: number[] = [];
  /** Item code by grid id: 409, 422. */
  readonly codes = new Map<string, number>();
  private readonly server: Server;
  private minted = 90000;

  private constructor() {
    this.server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (c: Buffer) => chunks.push(c));
      request.on('end', () => {
        const url = new URL(request.url ?? '/', 'http://localhost');
        const status = this.failures.shift();
        if (status !== undefined) return void response.writeHead(status).end('{}');
        response.setHeader('content-type', 'application/json');
        if (request.method === 'GET') {
          const row = this.rows.get(decodeURIComponent(url.pathname.split('/').at(-1)!));
          return void response.writeHead(row === undefined ? 404 : 200).end(JSON.stringify(row === undefined ? {} : { id: row.id, ...row.columns }));
        }
        const items = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Record<string, unknown>[];
        this.requests.push(items);
        response.end(JSON.stringify(items.map((item) => this.take(item))));
      });
    });
  }

  static async start(): Promise<TinyGrid> {
    const grid = new TinyGrid();
    await new Promise<void>((resolve) => grid.server.listen(0, '127.0.0.1', resolve));
    return grid;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private take(item: Record<string, unknown>): object {
    const { id: given, ref, ...columns } = item as { id: string | null; ref: string } & Record<string, unknown>;
    const id = given ?? this.refs.get(ref) ?? String(++this.minted);
    const code = this.codes.get(id) ?? 0;
    if (code !== 0) return { ref, id, code, message: 'no' };
    const known = this.refs.get(ref);
    this.refs.set(ref, id);
    const row = this.rows.get(id) ?? { id, columns: {}, writes: 0 };
    // The same ref again is the same write.
    if (known === undefined) this.rows.set(id, { id, columns: { ...row.columns, ...columns }, writes: row.writes + 1 });
    return { ref, id, code: 0, message: '' };
  }
}
