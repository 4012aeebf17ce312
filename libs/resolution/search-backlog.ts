import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import type { EntityId } from '#libs/kernel/ids';
import type { Logger } from '#libs/platform/logger';
import type { Sealing } from '#libs/platform/sealing';
import { SourceRecordStore } from '#libs/store/source-record-store';
import { lockKeys, type Transaction, type UnitOfWork } from '#libs/store/unit-of-work';
import { EntityStore } from './entity-store.js';
import { goldenOf, searchRows, type Member } from './golden.js';
import { PARTITION_LOCK, readAuthority } from './resolution-service.js';

/** So few that a change which comes meanwhile does not wait long for the partition. */
const ENTITIES_A_STEP = 200;

/** After an upgrade that lets persons be found by more: makes their search rows anew, step by step; a killed hub goes on where it was. */
export class SearchBacklog implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly records: SourceRecordStore;
  private readonly entities: EntityStore;
  private working: Promise<void> = Promise.resolve();
  private ended = false;

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly sealing: Sealing,
    private readonly logger: Logger,
  ) {
    this.records = new SourceRecordStore(sealing);
    this.entities = new EntityStore(sealing);
  }

  onApplicationBootstrap(): void {
    this.working = this.work().catch((error: unknown) => this.logger.warn('searchBacklog.failed', {}, error));
  }

  async onApplicationShutdown(): Promise<void> {
    this.ended = true;
    await this.working;
  }

  /** Until nothing is left, or the hub ends. */
  async work(): Promise<void> {
    let indexed = 0;
    for (let step = ENTITIES_A_STEP; step > 0 && !this.ended; indexed += step) step = await this.unitOfWork.run((tx) => this.step(tx));
    if (indexed > 0) this.logger.info('searchBacklog.indexed', { indexed });
  }

  private async step(tx: Transaction): Promise<number> {
    const { rows } = await tx.client.query<{ entity_id: EntityId }>('select entity_id from search_backlog order by entity_id limit $1', [ENTITIES_A_STEP]);
    if (rows.length === 0) return 0;
    await lockKeys(tx, [PARTITION_LOCK]);
    const ids = rows.map((r) => r.entity_id);
    await this.entities.writeSearch(tx, await this.searchOf(tx, ids));
    await tx.client.query('delete from search_backlog where entity_id = any($1)', [ids]);
    return ids.length;
  }

  /** One that was merged meanwhile has no members, and is found by nothing. */
  private async searchOf(tx: Transaction, ids: readonly EntityId[]): Promise<Parameters<EntityStore['writeSearch']>[1]> {
    const { table } = await readAuthority(tx);
    const links = await tx.client.query<{ entity_id: EntityId; record_id: string; attached: boolean }>('select entity_id, record_id, attached from crosswalk where entity_id = any($1)', [ids]);
    const records = await this.records.findByIds(tx, links.rows.map((l) => Number(l.record_id)));
    const members = new Map<EntityId, Member[]>();
    for (const { entity_id, record_id, attached } of links.rows) {
      const of = members.get(entity_id) ?? [];
      members.set(entity_id, of);
      of.push({ record: records.get(Number(record_id))!.record, attached });
    }
    return [...members].map(([id, of]) => ({ id, search: searchRows(this.sealing, goldenOf('person', of, table)) }));
  }
}
