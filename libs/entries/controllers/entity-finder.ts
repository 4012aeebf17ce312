import type { Account } from '#libs/access/account';
import { mergedInto, notFound } from '#libs/access/request-refused';
import type { EntityId } from '#libs/kernel/ids';
import type { RecordType } from '#libs/kernel/record-key';
import type { EntityLoader } from '../entity-loader.js';
import type { VisibleEntities, VisibleEntity } from '../visible-entities.js';

/** Finds an entity by id for one account, following merges. */
export class EntityFinder {
  constructor(
    private readonly loader: EntityLoader,
    readonly entities: VisibleEntities,
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

  /** Households that list this person, as far as the account may see them. */
  async householdsOf(person: EntityId, account: Account): Promise<VisibleEntity[]> {
    return [...(await this.entities.read(await this.loader.householdsOf(person), account)).values()];
  }
}
