import { YiciError } from '#libs/kernel/errors';
import type { RecordType } from '#libs/kernel/record-key';
import { compileOut, compileTicket, type CanonicalFields, type OutEncoder, type OutRow, type Ticket } from '#libs/mapping/encode-out';
import type { OutValue } from '#libs/mapping/encode-value';
import type { Connector } from './connector.js';
import { encodeText } from './formats/encode-text.js';

/**
 * Spells canonical values for one target and holds them to its limits: characters its encoding lacks and texts wider
 * than its columns are refused here, before anything is written, never cut or replaced.
 */
export class OutMapper {
  private readonly encoders = new Map<RecordType, OutEncoder>();
  private readonly tickets: ((ticket: Ticket, fields: CanonicalFields, own?: Readonly<Record<string, string>>) => OutRow) | undefined;

  constructor(private readonly connector: Connector) {
    const { mappingOut, codes } = connector;
    for (const type of ['person', 'household', 'dwelling'] as const) {
      const section = mappingOut[type];
      if (section !== undefined) this.encoders.set(type, compileOut(section, codes, type, []));
    }
    this.tickets = mappingOut.ticket === undefined ? undefined : compileTicket(mappingOut.ticket, codes, []);
  }

  /** Canonical paths that reach this target for a record type; none when it takes no such record. */
  fields(type: RecordType): readonly string[] {
    return this.encoders.get(type)?.fields ?? [];
  }

  /** Whether the hub may create records of this type there, and the fields such a record must have. */
  creates(type: RecordType): { refColumn: string; needs: readonly string[] } | undefined {
    const section = this.connector.mappingOut[type];
    return section?.createRef === undefined ? undefined : { refColumn: section.createRef, needs: section.createNeeds };
  }

  /** Column of the target's own key. */
  keyColumn(type: RecordType): string | undefined {
    return this.connector.mappingOut[type]?.key;
  }

  /** All columns for the given fields. */
  encode(type: RecordType, fields: CanonicalFields): OutRow {
    return this.withinLimits(this.encoder(type).encode(fields));
  }

  /** Only the columns whose value differs from what the target holds (`fieldsOfBody` of its record, or the last projection). */
  changes(type: RecordType, fields: CanonicalFields, held: CanonicalFields): OutRow {
    return this.withinLimits(this.encoder(type).changes(fields, held));
  }

  /**
   * One ticket, its columns in file order; `own` are the columns of the target's own record that it may quote. What the ticket has no
   * room to quote (an ID in full-width digits) is said in the national spelling.
   */
  ticket(ticket: Ticket, fields: CanonicalFields, own: Readonly<Record<string, string>> = {}): OutRow {
    if (this.tickets === undefined) throw notTaken(this.connector.id, 'tickets');
    const quoted = this.withinLimits(this.tickets(ticket, fields, own));
    const unsaid = new Set(quoted.refused.flatMap((r) => this.quotedAs(r.column) ?? []));
    const sayable = Object.fromEntries(Object.entries(own).filter(([column]) => !unsaid.has(column)));
    return unsaid.size === 0 ? quoted : this.withinLimits(this.tickets(ticket, fields, sayable));
  }

  private quotedAs(column: string): string | undefined {
    const spec = this.connector.mappingOut.ticket?.columns[column];
    return spec !== undefined && 'quote' in spec ? spec.quote : undefined;
  }

  private encoder(type: RecordType): OutEncoder {
    const encoder = this.encoders.get(type);
    if (encoder === undefined) throw notTaken(this.connector.id, `${type} records`);
    return encoder;
  }

  private withinLimits(row: OutRow): OutRow {
    const { encoding, widths } = this.connector.manifest.limits;
    const kept: OutRow = { columns: {}, refused: [...row.refused] };
    for (const [column, value] of Object.entries(row.columns)) {
      const fault = this.limitFault(value, encoding, widths[column]);
      if (fault === undefined) kept.columns[column] = value;
      else kept.refused.push({ column, field: this.fieldOf(column), ...fault });
    }
    return kept;
  }

  private limitFault(value: OutValue, encoding: Parameters<typeof encodeText>[1], width: number | undefined): { code: string; reason: string } | undefined {
    if (typeof value !== 'string') return undefined;
    try {
      const bytes = encodeText(value, encoding).length;
      if (width === undefined || bytes <= width) return undefined;
      return { code: 'YICI_OUT_TOO_WIDE', reason: `The text takes ${bytes} bytes and the column holds ${width}; it is not cut.` };
    } catch (e) {
      if (!(e instanceof YiciError)) throw e;
      return { code: 'YICI_OUT_UNMAPPABLE', reason: `The text has a character that ${encoding} cannot hold; it is not replaced.` };
    }
  }

  private fieldOf(column: string): string {
    const { person, household, dwelling, ticket } = this.connector.mappingOut;
    for (const section of [person, household, dwelling, ticket]) {
      const spec = section?.columns[column];
      if (spec !== undefined && 'field' in spec) return spec.field;
    }
    return '';
  }
}

function notTaken(system: string, what: string): YiciError {
  return new YiciError({
    code: 'YICI_OUT_NOT_TAKEN', stage: 'sending',
    message: `${system} takes no ${what} from the hub.`,
    fix: 'Look at mapping.out.yaml of its connector folder.',
  });
}
