import type { Connector } from '#libs/connector-sdk/connector';
import type { CityDirectory } from '#libs/intake/city-directory';
import type { AnySourceRecord } from '#libs/model/source-record';
import { release } from './held-record.js';
import { readSystem } from './read-system.js';
import { RecordSet } from './record-set.js';

/** The current records of a city directory, one system after the other, without a store: for training and for a look at a city. */
export async function* readRecords(connectors: readonly Connector[], city: CityDirectory, onRows: (system: string, rows: number) => void = () => undefined): AsyncGenerator<AnySourceRecord> {
  for (const connector of connectors) {
    const set = new RecordSet();
    await readSystem(connector, city, set, (rows) => onRows(connector.id, rows));
    for (const held of set.current()) yield release(held);
  }
}
