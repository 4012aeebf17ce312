import type { RecordType } from '#libs/kernel/record-key';
import { parseRecordKey } from '#libs/kernel/record-key';
import type { PersonBody } from '#libs/model/bodies';
import type { Address, CitizenIdReading, PartialDate, PersonName, Phone } from '#libs/model/values';
import type { Sealing } from '#libs/platform/sealing';
import { readCrosswalk } from '#libs/resolution/partition-reader';
import type { StoredGolden } from '#libs/resolution/golden';
import type { OpenStore } from '#libs/store/open-store';
import { decodeSourceRecord, SOURCE_RECORD_COLUMNS, type StoredSourceRecord } from '#libs/store/source-record-codec';

export const EXPORTS = ['crosswalk', 'persons', 'households', 'dwellings', 'dead-letters', 'reviews', 'flat'] as const;
export type ExportKind = (typeof EXPORTS)[number];

type Row = readonly (string | number | undefined)[];
type Store = Pick<OpenStore, 'pool' | 'sealing'>;

const PAGE = 5_000;

/** Header and rows of an export, streamed page by page. */
export function exportRows(what: ExportKind, store: Store): AsyncGenerator<Row> {
  switch (what) {
    case 'crosswalk':
      return crosswalk(store);
    case 'persons':
      return golden(store, 'person', PERSON_COLUMNS);
    case 'households':
      return golden(store, 'household', ['kind', 'number', 'type', 'address', 'headName', 'headCitizenId', 'population', 'closed']);
    case 'dwellings':
      return golden(store, 'dwelling', ['code', 'address', 'use', 'area']);
    case 'dead-letters':
      return deadLetters(store);
    case 'reviews':
      return reviews(store);
    case 'flat':
      return flat(store);
  }
}

const PERSON_COLUMNS = [
  'citizenId', 'name', 'sex', 'birthDate', 'ethnicGroup', 'maritalStatus', 'education', 'politicalStatus', 'phones', 'registeredAddress', 'currentAddress',
  'vitalStatus', 'deathDate', 'residency',
];

async function* crosswalk({ pool, sealing }: Store): AsyncGenerator<Row> {
  yield ['system', 'record_type', 'natural_key', 'entity_id'];
  for await (const { key, entityId } of readCrosswalk(pool, sealing)) {
    const { system, recordType, naturalKey } = parseRecordKey(key);
    yield [system, recordType, naturalKey, entityId];
  }
}

async function* golden({ pool, sealing }: Store, recordType: RecordType, paths: readonly string[]): AsyncGenerator<Row> {
  yield ['entity_id', 'version', 'valid_from', 'records', ...paths];
  const page = (after: string) => pool.query<{ id: string; version: number; valid_from: Date; member_count: number; sealed_golden: Buffer }>(
    `select id, version, valid_from, member_count, sealed_golden from entity where record_type = $1 and state = 'active' and id > $2 order by id limit $3`, [recordType, after, PAGE]);
  for (let after = ''; ;) {
    const { rows } = await page(after);
    for (const row of rows) {
      const { fields } = sealing.openJson<StoredGolden>(row.sealed_golden);
      yield [row.id, row.version, row.valid_from.toISOString(), row.member_count, ...paths.map((p) => cell(fields[p]?.value))];
    }
    if (rows.length < PAGE) return;
    after = rows.at(-1)!.id;
  }
}

/** A canonical value as one cell: its spelling, not its structure. */
function cell(value: unknown): string {
  if (value === undefined || value === null) return '';
  if (Array.isArray(value)) return value.map(cell).join(';');
  if (typeof value !== 'object') return String(value as string | number | boolean);
  const v = value as Partial<PersonName & PartialDate & Phone & Address>;
  return v.value ?? v.date ?? v.number ?? v.raw ?? '';
}

async function* deadLetters({ pool, sealing }: Store): AsyncGenerator<Row> {
  yield ['system', 'record_type', 'natural_key', 'code', 'stage', 'reason', 'origin', 'position', 'created_at', 'replayed_at', 'id'];
  const found = await pool.query<{
    id: string; system: string; record_type: string; sealed_natural_key: Buffer | null; code: string; stage: string; reason: string;
    origin_source: string; origin_position: string; created_at: Date; replayed_at: Date | null;
  }>(`select id, system, record_type, sealed_natural_key, code, stage, reason, origin_source, origin_position, created_at, replayed_at
        from dead_letter order by system, origin_source, origin_position`);
  for (const r of found.rows) {
    yield [
      r.system, r.record_type, r.sealed_natural_key === null ? '' : sealing.openText(r.sealed_natural_key), r.code, r.stage, r.reason,
      r.origin_source, r.origin_position, r.created_at.toISOString(), r.replayed_at?.toISOString() ?? '', r.id,
    ];
  }
}

async function* reviews({ pool, sealing }: Store): AsyncGenerator<Row> {
  yield ['id', 'kind', 'record_type', 'record_a', 'record_b', 'probability', 'state', 'opened_at', 'decided_at'];
  const found = await pool.query<{ id: string; kind: string; record_type: string; sealed_evidence: Buffer; probability: number | null; state: string; opened_at: Date; decided_at: Date | null }>(
    'select id, kind, record_type, sealed_evidence, probability, state, opened_at, decided_at from review order by id');
  for (const r of found.rows) {
    const { records } = sealing.openJson<{ records: string[] }>(r.sealed_evidence);
    yield [r.id, r.kind, r.record_type, records[0], records[1], r.probability ?? '', r.state, r.opened_at.toISOString(), r.decided_at?.toISOString() ?? ''];
  }
}

/** The person records as one flat table, for tools that know nothing of cities. */
async function* flat({ pool, sealing }: Store): AsyncGenerator<Row> {
  yield ['record_id', 'system', 'name', 'id_no', 'birth_date', 'sex', 'phone', 'address', 'household_key'];
  for (let after = '0'; ;) {
    const { rows } = await pool.query<StoredSourceRecord>(
      `select ${SOURCE_RECORD_COLUMNS} from source_record where record_type = 'person' and id > $1 order by id limit $2`, [after, PAGE]);
    for (const row of rows) yield flatRow(sealing, row);
    if (rows.length < PAGE) return;
    after = rows.at(-1)!.id;
  }
}

function flatRow(sealing: Sealing, row: StoredSourceRecord): Row {
  const { system, naturalKey, body } = decodeSourceRecord(sealing, row);
  const p = body as PersonBody;
  const birth = p.birthDate?.precision === 'day' ? p.birthDate.date : '';
  const id: CitizenIdReading | undefined = p.citizenId;
  const address = p.currentAddress ?? p.registeredAddress;
  const membership = p.memberships?.[0];
  return [
    `${system}:${naturalKey}`, system, p.name?.value ?? '', id?.value ?? '', birth, p.sex ?? '0', p.phones?.[0]?.number ?? '', address?.raw ?? '',
    membership === undefined ? '' : `${system}:${membership.key}`,
  ];
}
