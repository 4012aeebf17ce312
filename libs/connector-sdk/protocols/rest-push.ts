import { TextDecoder } from 'node:util';
import type { Clock } from '#libs/kernel/clock';
import { YiciError } from '#libs/kernel/errors';
import { sha256Hex } from '#libs/kernel/hashing';
import type { Divisions } from '#libs/values/divisions';
import type { Connector } from '../connector.js';
import { refuseFieldDrift } from '../formats/field-drift.js';
import { parseJsonRow } from '../formats/json-lines.js';
import type { RestPushSpec } from '../live-spec.js';
import type { RawRow } from '../row.js';
import { streamSource, TableMapper, type RowOutcome } from '../table-mapper.js';
import { verify } from './hmac.js';
import { cutJsonArray } from './json-array.js';

export interface PushRequest {
  /** Names in lower case. */
  headers: Readonly<Record<string, string | undefined>>;
  /** The body as it came, before any parser: the signature is over its bytes. */
  body: Uint8Array;
}

/** Fewer rows than this are no witnesses of a changed schema: each is judged alone. */
const WITNESSES = 5;

/** Receives what a system pushes: `POST /intake/<system>/<path>`. The caller publishes the outcomes before it answers 2xx. */
export class PushReceiver {
  private readonly mapper: TableMapper;
  private readonly decoder = new TextDecoder('utf-8', { fatal: true });
  private readonly columns: ReadonlySet<string>;

  constructor(private readonly connector: Connector, private readonly spec: RestPushSpec, private readonly secret: string, divisions: Divisions, private readonly clock: Clock) {
    this.mapper = new TableMapper(connector, spec.table, divisions);
    const { read } = connector.manifest.snapshot.tables.find((t) => t.id === spec.table)!;
    this.columns = new Set(read.columns.map((c) => (typeof c === 'string' ? c : c.name)));
  }

  /**
   * Outcomes in the order of the body; one poisoned element harms only itself. A repeated body has the same origins.
   * Throws what `verify` and `cutJsonArray` throw, and YICI_SNAPSHOT_SCHEMA_DRIFT when many rows lack the same column or share
   * a new one: then nothing of the request was taken.
   */
  receive(request: PushRequest): RowOutcome[] {
    const now = this.clock.now();
    verify(request.headers, request.body, { algorithm: this.spec.hmac, secret: this.secret, now, maxAgeSeconds: this.spec.maxAgeSeconds });
    const elements = this.spec.body === 'array' ? cutJsonArray(request.body, this.spec.maxItems) : [this.eventData(request.body)];
    this.refuseDrift(elements);
    const origin = { source: streamSource('push', this.connector.id, this.spec.table, sha256Hex(request.body)), observedAt: new Date(now).toISOString(), fileDate: '' };
    return elements.map((bytes, i) => this.mapper.outcome(this.row(bytes, i + 1), origin));
  }

  private refuseDrift(elements: readonly Uint8Array[]): void {
    if (elements.length < WITNESSES) return;
    const rows = elements.map((bytes) => parseJsonRow(bytes, this.decoder).row).filter((row) => row !== undefined);
    if (rows.length >= WITNESSES) refuseFieldDrift(rows, [...this.columns], `the push to /intake/${this.connector.id}/${this.spec.path}`);
  }

  private row(bytes: Uint8Array, position: number): RawRow {
    const { row, fault } = parseJsonRow(bytes, this.decoder, this.columns);
    if (row !== undefined) return { kind: 'row', position, bytes, values: row };
    return { kind: 'dead', position, bytes, code: fault!.code, reason: fault!.reason };
  }

  /** The `data` of a structured CloudEvent, as bytes of its own. */
  private eventData(body: Uint8Array): Uint8Array {
    const { row, fault } = parseJsonRow(body, this.decoder);
    const data = row?.['data'];
    if (fault !== undefined || data === null || typeof data !== 'object' || row?.['specversion'] !== '1.0') {
      throw new YiciError({ code: 'YICI_PUSH_MALFORMED', stage: 'decoding', message: 'The body is not a CloudEvents 1.0 object with data.', fix: 'Send structured CloudEvents 1.0 JSON.' });
    }
    return Buffer.from(JSON.stringify(data), 'utf8');
  }
}
