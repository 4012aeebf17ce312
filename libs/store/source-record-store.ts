import type { RecordKey } from '#libs/kernel/record-key';
import { openingOf, restrictedFacetsOf } from '#libs/model/restricted';
import type { AnySourceRecord } from '#libs/model/source-record';
import type { Sealing } from '#libs/platform/sealing';
import { OpenedRecords } from './opened-records.js';
import { compareVersions, contentText } from './record-content.js';
import {
  contentDigest, encodeSourceRecord, keyOf, recordRef, SOURCE_RECORD_COLUMNS, type SourceRecordRow, type StoredSourceRecord,
} from './source-record-codec.js';
import type { Transaction } from './unit-of-work.js';

/** The current version of a record, with its id. */
export interface CurrentRecord {
  id: number;
  record: AnySourceRecord;
}

/**
 * What became of a version that was put. `touched`: same content, but its order or times are newer (recency may change);
 * `older`: kept as history, the current version stands.
 */
export type PutOutcome = 'created' | 'changed' | 'touched' | 'unchanged' | 'older';

export interface PutResult {
  id: number;
  outcome: PutOutcome;
  /** What stands now. */
  current: AnySourceRecord;
  /** What stood before this call; absent when created. */
  before?: AnySourceRecord;
}

type StoredWithDigest = StoredSourceRecord & { content_digest: Buffer };

interface Version {
  record: AnySourceRecord;
  /** Its content text; absent of a stored version, which is only read. */
  content?: string;
  digest: Buffer;
}

interface Slot {
  id: number;
  current: Version;
  before?: AnySourceRecord;
  outcome: PutOutcome;
  history: Version[];
}

/** The record set: one current version a record, by the source's own order, never by arrival; earlier ones as history. */
export class SourceRecordStore {
  private readonly opened: OpenedRecords;

  constructor(private readonly sealing: Sealing) {
    this.opened = OpenedRecords.of(sealing);
  }

  /** Current versions by record key; keys unknown to the store are absent from the map. */
  async findByKeys(tx: Transaction, keys: readonly RecordKey[]): Promise<Map<RecordKey, CurrentRecord>> {
    const rows = await this.load(tx, keys, false);
    return new Map(rows.map((row) => this.decode(row)).map((c) => [keyOf(c.record), c]));
  }

  async findByIds(tx: Transaction, ids: readonly number[]): Promise<Map<number, CurrentRecord>> {
    if (ids.length === 0) return new Map();
    const result = await tx.client.query<StoredSourceRecord>({
      name: 'source_record_by_id', text: `select ${SOURCE_RECORD_COLUMNS} from source_record where id = any($1::bigint[])`, values: [ids],
    });
    return new Map(result.rows.map((row) => this.decode(row)).map((c) => [c.id, c]));
  }

  /**
   * Puts versions; several of one record may be among them, in any order. One result a record, in order of first appearance.
   * Throws code 40001 (UnitOfWork tries again) when another transaction creates one of the records at the same moment.
   */
  async put(tx: Transaction, records: readonly AnySourceRecord[]): Promise<PutResult[]> {
    const slots = new Map<RecordKey, Slot>();
    const stored = await this.load(tx, [...new Set(records.map(keyOf))], true);
    const known = new Map(stored.map((row) => [this.sealing.openText(row.sealed_key), row]));
    for (const record of records) {
      const key = keyOf(record);
      const content = contentText(record);
      const version = { record, content, digest: contentDigest(this.sealing, content) };
      const row = known.get(key);
      const slot = slots.get(key) ?? (row && this.open(row));
      if (slot) fold(slot, version);
      slots.set(key, slot ?? { id: 0, current: version, outcome: 'created', history: [] });
    }
    await this.assignIds(tx, [...slots.values()].filter((s) => s.outcome === 'created'));
    await this.write(tx, [...slots.values()]);
    return [...slots.values()].map(({ id, outcome, current, before }) => ({ id, outcome, current: current.record, before }));
  }

  private async load(tx: Transaction, keys: readonly RecordKey[], lock: boolean): Promise<StoredWithDigest[]> {
    if (keys.length === 0) return [];
    const result = await tx.client.query<StoredWithDigest>({
      name: lock ? 'source_record_lock' : 'source_record_by_ref',
      text: `select ${SOURCE_RECORD_COLUMNS}, content_digest from source_record where record_ref = any($1::bytea[]) ${lock ? 'order by id for update' : ''}`,
      values: [keys.map((k) => recordRef(this.sealing, k))],
    });
    return result.rows;
  }

  private decode(row: StoredSourceRecord): CurrentRecord {
    return { id: Number(row.id), record: this.opened.open(row) };
  }

  private open(row: StoredWithDigest): Slot {
    const { id, record } = this.decode(row);
    return { id, current: { record, digest: row.content_digest }, before: record, outcome: 'unchanged', history: [] };
  }

  private async assignIds(tx: Transaction, created: Slot[]): Promise<void> {
    if (created.length === 0) return;
    const ids = await tx.client.query<{ id: string }>(
      `select nextval('source_record_id_seq') as id from generate_series(1, $1)`, [created.length]);
    created.forEach((slot, i) => { slot.id = Number(ids.rows[i]!.id); });
  }

  private async write(tx: Transaction, slots: Slot[]): Promise<void> {
    const encode = (v: Version, id: number) => encodeSourceRecord(this.sealing, v.record, id, v.content);
    const rows = (outcomes: PutOutcome[]) => slots.filter((s) => outcomes.includes(s.outcome)).map((s) => encode(s.current, s.id));
    const created = rows(['created']);
    const changed = rows(['changed']);
    const replaced = [...changed, ...rows(['touched'])];
    if (created.length > 0) await this.insert(tx, created);
    if (replaced.length > 0) await this.replace(tx, replaced);
    const history = slots.flatMap((s) => s.history.map((v) => encode(v, s.id)));
    if (history.length > 0) await this.insertHistory(tx, history);
    await this.writeIssues(tx, created, changed);
  }

  private async insert(tx: Transaction, rows: SourceRecordRow[]): Promise<void> {
    const done = await tx.client.query({
      name: 'source_record_insert',
      text: `insert into source_record (id, record_ref, system, record_type, version_order, source_time, observed_at, state, test,
               content_digest, origin_source, origin_position, sealed_key, sealed_body, scopes)
             select i, rf, sy, rt, vo, st, ob, sa, te, cd, os, op, sk, sb, string_to_array(sc, '+')
             from unnest($1::bigint[], $2::bytea[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::timestamptz[], $8::text[],
               $9::boolean[], $10::bytea[], $11::text[], $12::bigint[], $13::bytea[], $14::bytea[], $15::text[])
               as u(i, rf, sy, rt, vo, st, ob, sa, te, cd, os, op, sk, sb, sc)
             on conflict (record_ref) do nothing`,
      values: [
        rows.map((r) => r.id), rows.map((r) => r.recordRef), rows.map((r) => r.record.system), rows.map((r) => r.record.recordType),
        ...versionColumns(rows), rows.map((r) => r.record.test ?? false), rows.map((r) => r.contentDigest),
        ...originColumns(rows), rows.map((r) => r.sealedKey), rows.map((r) => r.sealedBody), rows.map(scopesText),
      ],
    });
    if (done.rowCount !== rows.length) {
      throw Object.assign(new Error('another transaction created one of these source records'), { code: '40001' });
    }
  }

  private async replace(tx: Transaction, rows: SourceRecordRow[]): Promise<void> {
    await tx.client.query({
      name: 'source_record_replace',
      text: `update source_record s set version_order = u.o, source_time = u.st, observed_at = u.ob, state = u.state, test = u.test,
               content_digest = u.cd, origin_source = u.os, origin_position = u.op, sealed_body = u.body, scopes = string_to_array(u.sc, '+')
             from unnest($1::bigint[], $2::text[], $3::timestamptz[], $4::timestamptz[], $5::text[], $6::boolean[], $7::bytea[], $8::text[],
               $9::bigint[], $10::bytea[], $11::text[]) as u(id, o, st, ob, state, test, cd, os, op, body, sc)
             where s.id = u.id`,
      values: [
        rows.map((r) => r.id), ...versionColumns(rows), rows.map((r) => r.record.test ?? false), rows.map((r) => r.contentDigest),
        ...originColumns(rows), rows.map((r) => r.sealedBody), rows.map(scopesText),
      ],
    });
  }

  /** A history version that is there already (a snapshot read again) is not added twice. */
  private async insertHistory(tx: Transaction, rows: SourceRecordRow[]): Promise<void> {
    await tx.client.query({
      name: 'source_record_history',
      text: `insert into source_record_version (record_id, version_order, source_time, observed_at, state, content_digest, origin_source, origin_position, sealed_body)
             select * from unnest($1::bigint[], $2::text[], $3::timestamptz[], $4::timestamptz[], $5::text[], $6::bytea[], $7::text[], $8::bigint[], $9::bytea[])
               as u(id, o, st, ob, state, cd, os, op, body)
             where not exists (select from source_record_version v where v.record_id = u.id and v.version_order = u.o and v.content_digest = u.cd)`,
      values: [rows.map((r) => r.id), ...versionColumns(rows), rows.map((r) => r.contentDigest), ...originColumns(rows), rows.map((r) => r.sealedBody)],
    });
  }

  private async writeIssues(tx: Transaction, created: SourceRecordRow[], changed: SourceRecordRow[]): Promise<void> {
    if (changed.length > 0) {
      await tx.client.query({ name: 'quality_issue_clear', text: 'delete from quality_issue where record_id = any($1::bigint[])', values: [changed.map((r) => r.id)] });
    }
    const rows = [...created, ...changed];
    const issues = rows.flatMap((r) => (r.record.issues ?? []).map((i) => ({ id: r.id, field: i.field, code: i.code })));
    if (issues.length === 0) return;
    await tx.client.query({
      name: 'quality_issue_add', text: 'insert into quality_issue (record_id, field, code) select * from unnest($1::bigint[], $2::text[], $3::text[])',
      values: [issues.map((i) => i.id), issues.map((i) => i.field), issues.map((i) => i.code)],
    });
  }
}

function fold(slot: Slot, version: Version): void {
  const same = slot.current.digest.equals(version.digest);
  const order = (same ? compareTimes : compareVersions)(version.record, slot.current.record);
  if (order <= 0) {
    if (!same) slot.history.push(version);
    if (slot.outcome === 'unchanged' && !same) slot.outcome = 'older';
    return;
  }
  if (!same) slot.history.push(slot.current);
  slot.current = version;
  if (slot.outcome !== 'created' && slot.outcome !== 'changed') slot.outcome = same ? 'touched' : 'changed';
}

/** Equal content: the later order, then the later source time stands. */
function compareTimes(a: AnySourceRecord, b: AnySourceRecord): number {
  if (a.order !== b.order) return a.order < b.order ? -1 : 1;
  return Date.parse(a.sourceTime ?? '1970') - Date.parse(b.sourceTime ?? '1970');
}

function versionColumns(rows: SourceRecordRow[]): unknown[][] {
  return [rows.map((r) => r.record.order), rows.map((r) => r.record.sourceTime ?? null), rows.map((r) => r.record.observedAt), rows.map((r) => r.record.state)];
}

/** Restricted facets of a row, as one text: an array of arrays would have to be rectangular. */
function scopesText({ record }: SourceRecordRow): string {
  return openingOf(restrictedFacetsOf(record.body));
}

function originColumns(rows: SourceRecordRow[]): unknown[][] {
  return [rows.map((r) => r.record.origin.source), rows.map((r) => r.record.origin.position)];
}
