import { TextDecoder } from 'node:util';
import type { Clock } from '#libs/kernel/clock';
import { YiciError } from '#libs/kernel/errors';
import { sha256Hex } from '#libs/kernel/hashing';
import type { Divisions } from '#libs/values/divisions';
import { columnNames, type Connector } from '../connector.js';
import { refuseFieldDrift } from '../formats/field-drift.js';
import { parseJsonRow } from '../formats/json-lines.js';
import type { RawRow } from '../row.js';
import { streamSource, TableMapper } from '../table-mapper.js';
import { cutJsonArray } from './json-array.js';
import { checkedMediaType, type DoorKeeper, type PushDoor, type PushRequest, type ReceivedPush } from './rest-door.js';

export interface ArrayDoorOptions {
  /** Table whose rows the elements are. */
  table: string;
  /** Last part of the address. */
  path: string;
  /** Elements of one request. */
  least: number;
  most: number;
  perMinute?: number;
}

/** Fewer rows than this are no witnesses of a changed schema: each is judged alone. */
const WITNESSES = 5;

/** Receives arrays of rows that a system pushes. One poisoned element harms only itself. A repeated body has the same origins. */
export class ArrayDoor implements PushDoor {
  readonly perMinute: number | undefined;
  private readonly mapper: TableMapper;
  private readonly decoder = new TextDecoder('utf-8', { fatal: true });
  private readonly columns: ReadonlySet<string>;

  constructor(private readonly connector: Connector, private readonly options: ArrayDoorOptions, readonly keeper: DoorKeeper, divisions: Divisions, private readonly clock: Clock) {
    this.perMinute = options.perMinute;
    this.mapper = new TableMapper(connector, options.table, divisions);
    this.columns = new Set(columnNames(connector.manifest.snapshot.tables.find((t) => t.id === options.table)!.read));
  }

  receive(request: PushRequest): ReceivedPush {
    const again = this.keeper.admit(request);
    // Older systems send JSON and do not say so.
    checkedMediaType(request.headers['content-type'], ['application/json', '']);
    const elements = cutJsonArray(request.body, this.options.most);
    if (elements.length < this.options.least) throw empty();
    this.refuseDrift(elements);
    const origin = {
      source: streamSource('push', this.connector.id, this.options.table, sha256Hex(request.body)), observedAt: new Date(this.clock.now()).toISOString(), fileDate: '',
    };
    return { outcomes: elements.map((bytes, i) => this.mapper.outcome(this.row(bytes, i + 1), origin)), again };
  }

  /** When many rows lack the same column or share a new one, nothing of the request is taken. */
  private refuseDrift(elements: readonly Uint8Array[]): void {
    if (elements.length < WITNESSES) return;
    const rows = elements.map((bytes) => parseJsonRow(bytes, this.decoder).row).filter((row) => row !== undefined);
    if (rows.length >= WITNESSES) refuseFieldDrift(rows, [...this.columns], `the push to /intake/${this.connector.id}/${this.options.path}`);
  }

  private row(bytes: Uint8Array, position: number): RawRow {
    const { row, fault } = parseJsonRow(bytes, this.decoder, this.columns);
    if (row !== undefined) return { kind: 'row', position, bytes, values: row };
    return { kind: 'dead', position, bytes, code: fault!.code, reason: fault!.reason };
  }
}

function empty(): YiciError {
  return new YiciError({ code: 'YICI_PUSH_EMPTY', stage: 'decoding', message: 'The array is empty.', fix: 'Send at least one item.' });
}
