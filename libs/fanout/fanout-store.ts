import type pg from 'pg';
import type { Clock } from '#libs/kernel/clock';
import type { RecordKey } from '#libs/kernel/record-key';
import type { AnySourceRecord } from '#libs/model/source-record';
import type { Sealing } from '#libs/platform/sealing';
import { AuthorityCache } from '#libs/store/authority-cache';
import { DeadLetterStore } from '#libs/store/dead-letter-store';
import { recordRef } from '#libs/store/source-record-codec';
import type { UnitOfWork } from '#libs/store/unit-of-work';
import { authorityTable, type AuthorityTable } from '#libs/survivorship/authority';
import { AgreementStore } from './agreement-store.js';
import { ConnectionStore } from './connection-store.js';
import { DeliveryStore } from './delivery-store.js';
import { DriftStore } from './drift-store.js';
import { HUB, keyOf } from './entity-members.js';
import { EntityReader } from './entity-reader.js';
import { OccupancyStore } from './occupancy-store.js';
import { OwnValues } from './own-values.js';
import { ProjectionStore } from './projection-store.js';

/** Made once: asked for with every batch, and dear to make. */
const DAY = new Intl.DateTimeFormat('sv-SE', { timeZone: 'Asia/Shanghai' });

/** Everything fan-out keeps in the database, behind one door. */
export class FanoutStore {
  readonly entities: EntityReader;
  readonly ownValues: OwnValues;
  readonly agreements: AgreementStore;
  readonly deliveries: DeliveryStore;
  readonly projections: ProjectionStore;
  readonly connections: ConnectionStore;
  readonly occupancy: OccupancyStore;
  readonly drift: DriftStore;
  readonly deadLetters: DeadLetterStore;
  readonly authority: AuthorityCache<AuthorityTable>;

  constructor(readonly pool: pg.Pool, readonly unitOfWork: UnitOfWork, private readonly sealing: Sealing, readonly clock: Clock) {
    this.entities = new EntityReader(pool, sealing);
    this.ownValues = new OwnValues(pool, sealing);
    this.agreements = new AgreementStore(pool, clock);
    this.deliveries = new DeliveryStore(pool, sealing, clock);
    this.projections = new ProjectionStore(pool, sealing, clock);
    this.connections = new ConnectionStore(pool, clock);
    this.occupancy = new OccupancyStore(pool, sealing);
    this.drift = new DriftStore(pool, sealing, clock);
    this.deadLetters = new DeadLetterStore(sealing, clock);
    this.authority = new AuthorityCache(pool, clock, authorityTable);
  }

  /** Blind index of a target's record: the same as the record's own in source_record. */
  refOf(record: Pick<AnySourceRecord, 'system' | 'recordType' | 'naturalKey'>): Buffer {
    return recordRef(this.sealing, keyOf(record));
  }

  /** Of a record the target does not have yet: our own ref for it, the entity id. */
  ownRef(target: string, entityId: string): Buffer {
    return this.sealing.ref('ownRef', `${target} ${entityId}`);
  }

  /** What stands in `delivery.cause`: an entry by its id; any other record by its blind index, for natural keys may be citizen IDs. */
  causeOf(key: RecordKey): string {
    return entryIdOf(key) ?? `r-${recordRef(this.sealing, key).toString('hex')}`;
  }

  /** Today in the city, yyyy-mm-dd. */
  today(): string {
    return DAY.format(this.clock.now());
  }
}

/** The entry a record key names; undefined when it is no entry. */
export function entryIdOf(key: RecordKey): string | undefined {
  const prefix = `${HUB}:person:`;
  return key.startsWith(prefix) ? key.slice(prefix.length) : undefined;
}
