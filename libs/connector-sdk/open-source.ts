import type { Connector } from './connector.js';
import type { DeliverySpec } from './delivery-spec.js';
import type { LiveSource } from './live-source.js';
import type { LiveSpec } from './live-spec.js';
import type { ConnectionParts } from './open-target.js';
import type { FileFetchSpec } from './protocols/file-specs.js';
import { RestListSource } from './protocols/rest-list.js';
import { SoapSource } from './protocols/soap-source.js';
import { SqlExchangeSource } from './protocols/sql-exchange.js';

/** Live specs of systems that are asked for rows; files are fetched whole, and read as snapshots are. */
export type PolledSpec = Exclude<Extract<LiveSpec, { pollSeconds: number }>, FileFetchSpec>;

export function isPolled(spec: LiveSpec): spec is PolledSpec {
  return 'pollSeconds' in spec && spec.protocol !== 'file-fetch';
}

/** The read side of a system that is asked. Nothing is connected before it is first read. */
export function openSource(connector: Connector, spec: PolledSpec, parts: ConnectionParts): LiveSource {
  switch (spec.protocol) {
    case 'rest-list':
      return new RestListSource(connector, spec, parts);
    case 'soap':
      return new SoapSource(connector, spec, parts);
    case 'sql-exchange':
      return new SqlExchangeSource(connector, spec, parts);
  }
}

/** Names of the secrets that a live or delivery spec needs. */
export function secretsOf(spec: LiveSpec | DeliverySpec): string[] {
  return Object.entries(spec).flatMap(([name, value]) => (/[sS]ecret$/.test(name) && typeof value === 'string' ? [value] : []));
}
