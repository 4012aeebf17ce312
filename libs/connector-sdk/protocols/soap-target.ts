import { YiciError } from '#libs/kernel/errors';
import type { OutValue } from '#libs/mapping/encode-value';
import type { AnySourceRecord } from '#libs/model/source-record';
import { columnNames, type Connector } from '../connector.js';
import type { ConnectionParts } from '../open-target.js';
import type { ItemAnswer, OutgoingItem, TargetChannel } from '../target-channel.js';
import { SoapClient, SoapSenderFault } from './soap-client.js';
import { SoapSource } from './soap-source.js';
import type { SoapDeliverySpec } from './soap-spec.js';
import { writeEach } from './write-each.js';

/** Items a pass, one call each: their receipts come when the pass ends, so it is short. */
const MAX_ITEMS = 16;

/** Writes to a SOAP service: one call an item, some at once. */
export class SoapTarget implements TargetChannel {
  readonly maxItems = MAX_ITEMS;
  private readonly client: SoapClient;
  private readonly keyColumn: string;
  /** Columns in the order of the service's schema, which a sequence of typed elements needs. */
  private readonly order: readonly string[];
  /** Reads a record back, where the folder also says how the service is read. */
  private readonly source: SoapSource | undefined;

  constructor(connector: Connector, private readonly spec: SoapDeliverySpec, parts: ConnectionParts) {
    const { manifest, mappingOut } = connector;
    this.client = new SoapClient(connector.id, 'target', spec, manifest.allowedHosts, parts);
    this.keyColumn = mappingOut.person!.key;
    const { table } = manifest.records.find((r) => r.type === 'person' && !r.derived)!;
    this.order = columnNames(manifest.snapshot.tables.find((t) => t.id === table)!.read);
    const live = manifest.live.find((l) => l.protocol === 'soap');
    this.source = live === undefined ? undefined : new SoapSource(connector, live, parts);
  }

  write(items: readonly OutgoingItem[], signal: AbortSignal): Promise<ItemAnswer[]> {
    return writeEach(items, this.spec.atOnce, (item) => this.writeOne(item, signal));
  }

  async readBack(naturalKey: string, signal: AbortSignal): Promise<AnySourceRecord | undefined> {
    return this.source?.readOne(naturalKey, signal);
  }

  async close(): Promise<void> {
    await Promise.all([this.client.close(), this.source?.close()]);
  }

  private async writeOne(item: OutgoingItem, signal: AbortSignal): Promise<ItemAnswer> {
    const { update } = this.spec;
    let document: Buffer;
    try {
      document = await this.client.call(update, update.answer, { ref: item.ref, key: item.naturalKey ?? '', row: this.row(item) }, signal);
    } catch (error) {
      // Of this item alone: what it holds cannot be sent, or the service refuses it in the words of SOAP.
      if (error instanceof SoapSenderFault) return { outcome: 'refused', detail: error.message };
      if (error instanceof YiciError && error.code === 'YICI_TEXT_UNMAPPABLE') return { outcome: 'refused', detail: `a text with a character that ${this.spec.encoding} cannot hold` };
      throw error;
    }
    return this.answer(document, item);
  }

  private answer(document: Buffer, item: OutgoingItem): ItemAnswer {
    const { answer } = this.spec.update;
    const { meaning, code, texts } = this.client.texts(document, answer);
    switch (meaning) {
      case 'ok': {
        const key = answer.key === undefined ? undefined : texts.get(answer.key) || undefined;
        if (item.naturalKey === undefined && answer.key !== undefined && key === undefined) return { outcome: 'failed', detail: 'created, and the answer names no key' };
        return { outcome: 'accepted', ...(key !== undefined && { naturalKey: key }) };
      }
      case 'conflict':
        return { outcome: 'conflict' };
      case 'refused':
        return { outcome: 'refused', detail: `code ${code}${this.namedColumns(answer.message === undefined ? '' : texts.get(answer.message) ?? '')}` };
      default:
        throw this.client.unexpected(meaning, code);
    }
  }

  /** Key first among what goes along unchanged, then what is written. */
  private row(item: OutgoingItem): [string, OutValue][] {
    const columns: Record<string, OutValue> = { ...item.carried, ...item.columns, [this.keyColumn]: item.naturalKey ?? '' };
    return this.order.flatMap((c): [string, OutValue][] => (columns[c] === undefined ? [] : [[c, columns[c]]]));
  }

  /** Which columns the answer names; the rest of its text may hold personal values and is left out. */
  private namedColumns(message: string): string {
    const words = new Set(message.match(/[A-Za-z_]\w*/g) ?? []);
    const named = this.order.filter((c) => words.has(c) || words.has(c.replace(/^.*@/, '')));
    return named.length === 0 ? '' : `: ${named.join(', ')}`;
  }
}
