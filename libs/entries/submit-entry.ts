import { inCommunity, type Account } from '#libs/access/account';
import { invalidRequest } from '#libs/access/request-validation';
import { notFound, RequestRefused } from '#libs/access/request-refused';
import type { Clock } from '#libs/kernel/clock';
import { sha256Hex } from '#libs/kernel/hashing';
import { uuidv7, type EntityId } from '#libs/kernel/ids';
import type { HouseholdBody } from '#libs/model/bodies';
import { restrictedFacetsOf } from '#libs/model/restricted';
import type { Divisions } from '#libs/values/divisions';
import type { CommandSender } from './command-sender.js';
import { entryRecord, type EntryContext } from './entry-record.js';
import type { AnyEntryRequest } from './entry-requests.js';
import type { EntryCommand, EntryStore, StoredEntry } from './entry-store.js';
import type { EntityLoader, LoadedMember } from './entity-loader.js';
import type { VisibleEntities, VisibleEntity } from './visible-entities.js';

const UUIDV7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** What an entry refers to: persons and households as the worker may see them. */
export interface EntrySubjects {
  loader: EntityLoader;
  entities: VisibleEntities;
}

/**
 * Takes an entry in: the row first, then the command, the answer last. An entry whose answer was lost may be sent again under
 * the same id; one whose command was lost with the process is sent again by {@link resend}. Resolution takes an entry id once.
 */
export class SubmitEntry {
  constructor(
    private readonly store: EntryStore,
    private readonly subjects: EntrySubjects,
    private readonly commands: CommandSender,
    private readonly divisions: Divisions,
    private readonly clock: Clock,
  ) {}

  /**
   * @param requestedId the caller's UUIDv7 (Idempotency-Key); one is made when absent
   * Throws RequestRefused: 400 with field faults, 403 outside the community, 404 unknown person, 409 another entry has this id.
   */
  async submit(entry: AnyEntryRequest, account: Account, requestedId?: string): Promise<StoredEntry> {
    if (requestedId !== undefined && !UUIDV7.test(requestedId)) {
      throw new RequestRefused(400, { code: 'YICI_ENTRY_ID_INVALID', message: '录入编号有误。The idempotency key is no UUIDv7.', fix: 'Send a UUIDv7, or leave the header out.' });
    }
    const requestDigest = sha256Hex(JSON.stringify(entry));
    const repeated = requestedId === undefined ? undefined : await this.store.find(requestedId);
    if (repeated) return this.repeat(repeated, account, requestDigest);
    const now = this.clock.now();
    if (entry.occurredOn > dayInChina(now)) {
      throw invalidRequest([{ field: 'occurredOn', zh: '日期不能晚于今天。', en: 'The day cannot lie in the future.' }]);
    }
    const [picked, household] = [await this.picked(entry, account), await this.pickedHousehold(entry, account)];
    const id = requestedId ?? uuidv7(now);
    const community = communityOf(account);
    const record = entryRecord(entry, {
      entryId: id, receivedAt: new Date(now).toISOString(), divisions: this.divisions, ...(community !== undefined && { division: community }), ...(household && { household }),
    });
    if (entry.kind === 'newPerson') mustLieInCommunity(account, record.body.currentAddress?.division);
    const command: EntryCommand = { kind: 'entry', entryId: id, record, actor: account.id, ...(picked && { linkTo: standsFor(picked).key }) };
    const stored = {
      id, kind: entry.kind, accountId: account.id, submittedAt: record.observedAt, command, requestDigest, ...(community !== undefined && { community }),
    };
    if (!(await this.store.add(stored))) return this.repeat((await this.store.find(id))!, account, requestDigest);
    await this.commands.send(command);
    return { ...stored, state: 'accepted' };
  }

  /** Publishes again what was accepted more than `olderThanMs` ago and is not resolved; returns how many. */
  async resend(olderThanMs: number): Promise<number> {
    const entries = await this.store.unresolved(new Date(this.clock.now() - olderThanMs), 500);
    for (const entry of entries) await this.commands.send(entry.command);
    return entries.length;
  }

  private async repeat(known: StoredEntry, account: Account, requestDigest: string): Promise<StoredEntry> {
    if (known.accountId !== account.id || known.requestDigest !== requestDigest) {
      throw new RequestRefused(409, {
        code: 'YICI_ENTRY_ID_TAKEN', message: '该录入编号已用于另一条录入。This id belongs to another entry.', fix: 'Use a new id for a new entry.',
      });
    }
    if (known.state === 'accepted') await this.commands.send(known.command);
    return known;
  }

  private async picked(entry: AnyEntryRequest, account: Account): Promise<VisibleEntity | undefined> {
    if (entry.kind === 'newPerson') return undefined;
    return entry.personId === undefined ? undefined : this.visible(entry.personId, account, 'person');
  }

  private async pickedHousehold(entry: AnyEntryRequest, account: Account): Promise<EntryContext['household']> {
    if (entry.kind !== 'householdChange' || entry.householdId === undefined) return undefined;
    const { record } = standsFor(await this.visible(entry.householdId, account, 'household'));
    const { kind } = record.body as HouseholdBody;
    return { kind, system: record.system, key: record.naturalKey };
  }

  private async visible(id: EntityId, account: Account, what: string): Promise<VisibleEntity> {
    const active = await this.subjects.loader.activeId(id, account.facetScopes);
    const entity = active === undefined ? undefined : await this.subjects.entities.readOne(active, account);
    if (!entity) throw notFound(what);
    return entity;
  }
}

/** The calendar day in China, which has one time zone and no summer time. */
export function dayInChina(now: number): string {
  return new Date(now + 8 * 3600_000).toISOString().slice(0, 10);
}

/**
 * The record that stands for what was picked: the first by key that is itself no mere attachment and still in force. One that few may
 * see ties nobody to anybody, so it stands only for a person whom it alone knows.
 */
function standsFor(picked: VisibleEntity): LoadedMember {
  const usable = picked.members.filter((m) => !m.attached && m.record.state === 'current' && !m.record.test);
  return (usable.find((m) => restrictedFacetsOf(m.record.body).length === 0) ?? usable[0] ?? picked.members[0])!;
}

/** Where an account that works for one community works. */
function communityOf(account: Account): string | undefined {
  return account.communities.length === 1 ? account.communities[0] : undefined;
}

function mustLieInCommunity(account: Account, division: string | undefined): void {
  if (inCommunity(account, division === undefined ? [] : [division])) return;
  throw new RequestRefused(403, {
    code: 'YICI_ENTRY_OUTSIDE_COMMUNITY',
    message: '住址不在您负责的社区。The address is not in one of your communities.',
    fix: 'Add the community to the address, or ask the colleague of that community to enter it.',
  });
}
