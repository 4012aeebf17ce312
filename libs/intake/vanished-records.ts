import { setImmediate } from 'node:timers/promises';
import type { Connector } from '#libs/connector-sdk/connector';
import type { TableSpec } from '#libs/connector-sdk/manifest';
import type { RowOutcome } from '#libs/connector-sdk/table-mapper';
import { YiciError } from '#libs/kernel/errors';
import type { RecordKey } from '#libs/kernel/record-key';
import type { Sealing } from '#libs/platform/sealing';
import { heldRefs } from '#libs/store/held-records';
import { recordRef } from '#libs/store/source-record-codec';
import { SourceRecordStore } from '#libs/store/source-record-store';
import type { UnitOfWork } from '#libs/store/unit-of-work';

const AT_ONCE = 500;
/** A share of a few records says nothing. */
const ALWAYS_ALLOWED = 20;

/** What a whole table holds, without its keys: 16 bytes a record. */
export class PresentRecords {
  private readonly refs = new Set<string>();

  constructor(private readonly sealing: Sealing) {}

  add(key: RecordKey): void {
    this.refs.add(recordRef(this.sealing, key).toString('latin1'));
  }

  has(ref: Buffer): boolean {
    return this.refs.has(ref.toString('latin1'));
  }

  static async of(sealing: Sealing, keys: Iterable<RecordKey>): Promise<PresentRecords> {
    const present = new PresentRecords(sealing);
    let n = 0;
    for (const key of keys) {
      present.add(key);
      // A hundred thousand keyed hashes must not hold up everything else.
      if (++n % AT_ONCE === 0) await setImmediate();
    }
    return present;
  }
}

/**
 * Records that the hub holds of a table that was read as a whole, and that are no longer in it. They come out as withdrawn versions
 * of what the hub holds, under the order they had: a later version of the source stands over them again.
 */
export class VanishedRecords {
  private readonly records: SourceRecordStore;

  constructor(private readonly parts: { unitOfWork: UnitOfWork; sealing: Sealing }) {
    this.records = new SourceRecordStore(parts.sealing);
  }

  /** `until`: when the table was read (ISO 8601); what became known later is left alone. Throws YICI_SOURCE_SHRUNK when too much is missing. */
  async find(connector: Connector, table: TableSpec, present: PresentRecords, until: string): Promise<RowOutcome[]> {
    const types = [...new Set(connector.manifest.records.filter((r) => r.table === table.id && !r.derived).map((r) => r.type))];
    const { unitOfWork } = this.parts;
    const held = await unitOfWork.run((tx) => heldRefs(tx.client, connector.id, types, until));
    const gone = held.filter(({ ref }) => !present.has(ref)).map(({ id }) => id);
    if (gone.length > Math.max(ALWAYS_ALLOWED, held.length * (table.whole?.atMost ?? 0))) throw shrunk(table.id, gone.length, held.length);
    const outcomes: RowOutcome[] = [];
    for (let at = 0; at < gone.length; at += AT_ONCE) {
      const found = await unitOfWork.run((tx) => this.records.findByIds(tx, gone.slice(at, at + AT_ONCE)));
      for (const { record } of found.values()) outcomes.push({ kind: 'accepted', position: record.origin.position, records: [{ ...record, state: 'withdrawn', observedAt: until }] });
    }
    return outcomes;
  }
}

function shrunk(table: string, gone: number, held: number): YiciError {
  return new YiciError({
    code: 'YICI_SOURCE_SHRUNK', stage: 'receiving',
    message: `Of ${held} records of ${table}, ${gone} are missing at once; none of them was withdrawn.`,
    fix: 'Ask the owner of the system. If they are rightly gone, raise atMost of this table in connector.yaml and offer it again.',
  });
}
