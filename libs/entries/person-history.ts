import type { DataSource } from 'typeorm';
import type { Account } from '#libs/access/account';
import { visibleGolden } from '#libs/access/visible-golden';
import type { GoldenFields } from '#libs/model/golden-record';
import type { AnySourceRecord } from '#libs/model/source-record';
import type { Sealing } from '#libs/platform/sealing';
import { decodeSourceRecord, type StoredSourceRecord } from '#libs/store/source-record-codec';
import { diffGolden } from '#libs/survivorship/diff-golden';
import { survive } from '#libs/survivorship/survive';
import type { AuthorityReader } from './authority-reader.js';
import type { LoadedMember } from './entity-loader.js';
import type { VisibleEntity } from './visible-entities.js';

/** What was known of an entity from one time to the next, and since when that was true. ISO 8601. */
export interface KnownState {
  knownFrom: string;
  /** Absent: still known so. */
  knownTo?: string;
  /** The newest source time among the values that changed; absent when no source says. */
  trueFrom?: string;
  changed: string[];
  fields: GoldenFields;
}

/**
 * The history of an entity in both times, worked out from the versions of the records this account may see and not from the
 * stored versions of the golden record: those would tell, by their mere number, of records that are hidden.
 */
export class PersonHistory {
  constructor(
    private readonly db: DataSource,
    private readonly sealing: Sealing,
    private readonly authority: AuthorityReader,
  ) {}

  /** Oldest first. */
  async of(entity: VisibleEntity, account: Account): Promise<KnownState[]> {
    const versions = await this.versionsOf(entity.members);
    const { table, secret } = await this.authority.current();
    const attached = new Set(entity.members.filter((m) => m.attached).map((m) => m.key));
    const times = [...new Set(versions.flat().map((v) => v.observedAt))].sort((a, b) => Date.parse(a) - Date.parse(b));
    const states: KnownState[] = [];
    for (const time of times) {
      const known = versions.flatMap((ofRecord) => newestKnown(ofRecord, time));
      const golden = { ...entity.golden, version: 0, validFrom: '', recordedAt: '' };
      const raw = survive({ recordType: entity.golden.recordType, members: known, authority: table, attached, openScopes: account.facetScopes });
      const { fields } = visibleGolden({ ...golden, fields: raw }, account, secret);
      const before = states.at(-1);
      const changed = diffGolden(before?.fields ?? {}, fields);
      if (changed.length === 0) continue;
      if (before) before.knownTo = time;
      const trueFrom = newestTime(fields, changed);
      states.push({ knownFrom: time, ...(trueFrom !== undefined && { trueFrom }), changed, fields });
    }
    return states;
  }

  /** All versions of each record, the current one included. */
  private async versionsOf(members: readonly LoadedMember[]): Promise<AnySourceRecord[][]> {
    const byId = new Map(members.map((m) => [m.recordId, [m.record]]));
    const rows = await this.db.query<StoredSourceRecord[]>(
      `select v.record_id as id, v.version_order, v.source_time, v.observed_at, v.state, s.test, v.origin_source, v.origin_position, s.sealed_key, v.sealed_body
         from source_record_version v join source_record s on s.id = v.record_id where v.record_id = any($1)`, [[...byId.keys()]]);
    for (const row of rows) byId.get(row.id)!.push(decodeSourceRecord(this.sealing, row));
    return [...byId.values()];
  }
}

/** What the hub took for current at that time: the highest order among what it had seen. */
function newestKnown(versions: readonly AnySourceRecord[], time: string): AnySourceRecord[] {
  const limit = Date.parse(time);
  let newest: AnySourceRecord | undefined;
  for (const version of versions) {
    if (Date.parse(version.observedAt) > limit) continue;
    if (newest === undefined || version.order > newest.order) newest = version;
  }
  return newest ? [newest] : [];
}

function newestTime(fields: GoldenFields, paths: readonly string[]): string | undefined {
  const times = paths.flatMap((path) => fields[path]?.provenance.trueAt ?? []);
  return times.sort((a, b) => Date.parse(a) - Date.parse(b)).at(-1);
}
