import type { Connector } from './connector.js';
import type { DeliverySpec } from './delivery-spec.js';
import type { LiveSource } from './live-source.js';
import type { LiveSpec } from './live-spec.js';
import type { ConnectionParts } from './open-target.js';
import { SqlExchangeSource } from './protocols/sql-exchange.js';

/** Live specs of systems that are asked. */
export type PolledSpec = Extract<LiveSpec, { pollSeconds: number }>;

export function isPolled(spec: LiveSpec): spec is PolledSpec {
  return 'pollSeconds' in spec;
}

/** The read side of a system that is asked. Nothing is connected before it is first read. */
export function openSource(connector: Connector, spec: PolledSpec, parts: ConnectionParts): LiveSource {
  switch (spec.protocol) {
    case 'sql-exchange':
      return new SqlExchangeSource(connector, spec, parts.secret(spec.urlSecret) ?? '', parts.divisions, parts.clock);
  }
}

/** Names of the secrets that a live or delivery spec needs. */
export function secretsOf(spec: LiveSpec | DeliverySpec): string[] {
  return Object.entries(spec).flatMap(([name, value]) => (/[sS]ecret$/.test(name) && typeof value === 'string' ? [value] : []));
}
