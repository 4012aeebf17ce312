import type { Account } from '#libs/access/account';
import { mergedInto, notFound } from '#libs/access/request-refused';
import type { EntityId } from '#libs/kernel/ids';
import type { RecordKey, RecordType } from '#libs/kernel/record-key';
import type { DisputeStore } from '../dispute-store.js';
import type { EntityLoader } from '../entity-loader.js';
import type { RecordScope } from '../record-scope.js';
import type { VisibleEntities, VisibleEntity } from '../visible-entities.js';
import type { ContestedView } from './golden-views.js';

/** Finds an entity by id for one account, following merges. */
export class EntityFinder {
  constructor(
    private readonly loader: EntityLoader,
    readonly entities: VisibleEntities,
    private readonly scope: RecordScope,
    private readonly disputes: DisputeStore,
  ) {}

  /**
   * Throws RequestRefused 404 alike for what does not exist and for what the account may not see, 307 to `address(id)` when
   * it was merged.
   */
  async find(id: EntityId, recordType: RecordType, account: Account, address: (id: EntityId) => string): Promise<VisibleEntity> {
    const active = await this.loader.activeId(id, account.facetScopes);
    const entity = active === undefined ? undefined : await this.entities.readOne(active, account);
    if (!entity || entity.golden.recordType !== recordType) throw notFound(recordType);
    if (active !== id) throw mergedInto(address(entity.golden.id));
    return entity;
  }

  /** Of whatever kind, merges followed silently. Throws RequestRefused 404. */
  async findAny(id: EntityId | undefined, account: Account): Promise<VisibleEntity> {
    const active = id === undefined ? undefined : await this.loader.activeId(id, account.facetScopes);
    const entity = active === undefined ? undefined : await this.entities.readOne(active, account);
    if (!entity) throw notFound('record');
    return entity;
  }

  /** The entity of a record the account may see; undefined alike when there is none. */
  async entityOf(record: RecordKey, account: Account): Promise<EntityId | undefined> {
    return (await this.scope.visible([record], account)).size === 0 ? undefined : this.loader.entityOf(record);
  }

  /** The entity's values that are disputed now. */
  async contested(entity: VisibleEntity, account: Account): Promise<ContestedView[]> {
    const open = await this.disputes.openAbout(entity.golden.id, account.facetScopes);
    return open.map(({ id, field, openedAt, dueOn }) => ({ field, dispute: id, since: openedAt, dueOn }));
  }

  /** Households that list this person, as far as the account may see them. */
  async householdsOf(person: EntityId, account: Account): Promise<VisibleEntity[]> {
    return [...(await this.entities.read(await this.loader.householdsOf(person), account)).values()];
  }
}
