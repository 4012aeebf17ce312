import { TextDecoder } from 'node:util';
import { CloudEvent } from 'cloudevents';
import { readTimestamp } from '#libs/values/timestamp';
import type { Divisions } from '#libs/values/divisions';
import { columnNames, type Connector } from '../connector.js';
import { parseJsonRow, type JsonRow } from '../formats/json-lines.js';
import type { RowValue } from '../row.js';
import { TableMapper, type RowOrigin, type RowOutcome } from '../table-mapper.js';
import type { CloudEventsSpec } from './rest-specs.js';

/** What is wrong with one event; no personal value. */
interface EventFault {
  code: string;
  reason: string;
}

interface ReadEvent {
  row: JsonRow;
  /** The system took the record back. */
  withdrawn: boolean;
}

/**
 * Turns CloudEvents 1.0 whose data is a row of one table into outcomes. A deletion keeps the row, withdrawn, as a version that is newer
 * than every version of its time or before: a list that was read before it does not bring the record back, a newer row does.
 */
export class CloudEventRows {
  private readonly mapper: TableMapper;
  private readonly decoder = new TextDecoder('utf-8', { fatal: true });
  private readonly columns: ReadonlySet<string>;
  private readonly timeColumn: string | undefined;
  /** Record types that a row is, not those that it only implies. */
  private readonly own: ReadonlySet<string>;

  constructor(connector: Connector, private readonly spec: CloudEventsSpec, divisions: Divisions) {
    const { records, snapshot } = connector.manifest;
    this.mapper = new TableMapper(connector, spec.table, divisions);
    this.columns = new Set(columnNames(snapshot.tables.find((t) => t.id === spec.table)!.read));
    const rules = records.filter((r) => r.table === spec.table && !r.derived);
    this.timeColumn = rules[0]?.time?.column;
    this.own = new Set(rules.map((r) => r.type));
  }

  /** `bytes` are those of one event in structured JSON; they are what a dead letter keeps. */
  outcome(bytes: Uint8Array, position: number, origin: RowOrigin): RowOutcome {
    const read = this.read(bytes);
    if ('code' in read) return this.mapper.outcome({ kind: 'dead', position, bytes, ...read }, origin);
    const outcome = this.mapper.outcome({ kind: 'row', position, bytes, values: read.row }, origin);
    if (!read.withdrawn || outcome.kind !== 'accepted') return outcome;
    const records = outcome.records.filter((r) => this.own.has(r.recordType));
    return { ...outcome, records: records.map((record) => ({ ...record, state: 'withdrawn' as const, order: `${record.order}|withdrawn` })) };
  }

  private read(bytes: Uint8Array): ReadEvent | EventFault {
    const { row: event, fault } = parseJsonRow(bytes, this.decoder);
    if (event === undefined) return fault!;
    const invalid = envelopeFault(event);
    if (invalid !== undefined) return { code: 'YICI_EVENT_INVALID', reason: `The event is no CloudEvents 1.0 event: ${invalid}.` };
    const type = String(event['type']);
    const withdrawn = this.spec.withdrawn.includes(type);
    if (!withdrawn && !this.spec.changed.includes(type)) return { code: 'YICI_EVENT_TYPE_UNKNOWN', reason: 'The type of the event is not agreed.' };
    const row = event['data'];
    if (!isObject(row)) return { code: 'YICI_EVENT_DATA_MISSING', reason: 'The data of the event is no object.' };
    if (typeof event['subject'] !== 'string' || event['subject'] !== row[this.spec.subject]) {
      return { code: 'YICI_EVENT_SUBJECT_DIFFERS', reason: `The subject of the event is not the ${this.spec.subject} of its data.` };
    }
    for (const key in row) if (!this.columns.has(key)) return { code: 'YICI_ROW_UNKNOWN_COLUMN', reason: 'The data of the event has a field that is not agreed.' };
    return withdrawn ? this.deletion(row, event['time']) : { row, withdrawn };
  }

  /** A deletion happened when the event says, or at the row's own time where that is later. Without any time it could not be placed. */
  private deletion(row: JsonRow, time: RowValue | undefined): ReadEvent | EventFault {
    if (this.timeColumn === undefined) return { row, withdrawn: true };
    const told = readTimestamp(String(time ?? ''), 'iso') ?? '';
    const own = readTimestamp(String(row[this.timeColumn] ?? ''), 'iso') ?? '';
    if (told === '' && own === '') return { code: 'YICI_EVENT_TIME_MISSING', reason: 'The deletion has no time, so it cannot be placed among the versions of its record.' };
    return { row: told > own ? { ...row, [this.timeColumn]: told } : row, withdrawn: true };
  }
}

/** What keeps an object from being a CloudEvents 1.0 event with JSON data; names attributes, never values. */
function envelopeFault(event: JsonRow): string | undefined {
  if (event['specversion'] !== '1.0') return 'specversion is not 1.0';
  // The library mints what is missing; an event without them is none.
  for (const name of ['id', 'source', 'type']) if (typeof event[name] !== 'string' || event[name] === '') return `${name} is missing`;
  const type = event['datacontenttype'] ?? 'application/json';
  if (event['data_base64'] !== undefined || typeof type !== 'string' || !/^application\/([\w.-]+\+)?json\b/.test(type)) return 'its data is not JSON';
  try {
    new CloudEvent(event, true);
    return undefined;
  } catch {
    return 'an attribute is not as the specification says';
  }
}

function isObject(value: RowValue | undefined): value is JsonRow {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
