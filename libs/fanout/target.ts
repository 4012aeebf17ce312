import { ConfigurationError } from '#libs/kernel/errors';
import type { Connector } from '#libs/connector-sdk/connector';
import { compileOut, compileTicket, type CanonicalFields, type OutEncoder, type OutRow, type Ticket } from '#libs/mapping/encode-out';

/** What a target takes about persons, field by field. */
export interface PersonChannel {
  encoder: OutEncoder;
  /** The hub may create a person here, under its own ref. */
  mayCreate: boolean;
  /** Canonical paths a created person must have. */
  createNeeds: readonly string[];
  /** Columns written from each canonical path. */
  columnsOf: ReadonlyMap<string, readonly string[]>;
}

/** A target takes tickets instead of fields. */
export interface TicketChannel {
  kinds: readonly Ticket['kind'][];
  encode(ticket: Ticket, fields: CanonicalFields): OutRow;
}

/** One system as something to deliver to, compiled from its connector folder. */
export interface Target {
  id: string;
  name: string;
  nameEn: string;
  /** Its write-back protocol is built; otherwise deliveries say what they wait for. */
  live: boolean;
  /** The protocol the system speaks, where it is not built yet. */
  speaks?: string;
  person?: PersonChannel;
  ticket?: TicketChannel;
  /** Restricted facets this system owns: whether it holds somebody is told to nobody outside these scopes. */
  scopes: readonly string[];
}

/** Compiles the write side of a folder. Throws ConfigurationError naming every fault. */
export function targetOf(connector: Connector): Target {
  const { manifest, mappingOut } = connector;
  const faults: string[] = [];
  const live = manifest.mode === 'live' && manifest.delivery !== undefined && manifest.delivery.protocol !== 'none-yet';
  const target: Target = {
    id: connector.id,
    name: manifest.name,
    nameEn: manifest.nameEn,
    live,
    ...(manifest.delivery?.protocol === 'none-yet' && { speaks: manifest.delivery.speaks }),
    scopes: manifest.restricted.map((facet) => facet.replace(/^facets\./, '')),
  };
  const section = mappingOut.person;
  if (section !== undefined && Object.keys(section.columns).length > 0) {
    const columnsOf = new Map<string, string[]>();
    for (const [column, spec] of Object.entries(section.columns)) columnsOf.set(spec.field, [...(columnsOf.get(spec.field) ?? []), column]);
    target.person = { encoder: compileOut(section, connector.codes, 'person', faults), mayCreate: section.createRef !== undefined, createNeeds: section.createNeeds, columnsOf };
  }
  if (mappingOut.ticket !== undefined) {
    target.ticket = { kinds: Object.keys(mappingOut.ticket.kinds) as Ticket['kind'][], encode: compileTicket(mappingOut.ticket, connector.codes, faults) };
  }
  if (faults.length > 0) throw new ConfigurationError(`connector ${connector.id}`, faults);
  return target;
}
