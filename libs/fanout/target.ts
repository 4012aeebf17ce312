import type { Connector } from '#libs/connector-sdk/connector';
import { OutMapper } from '#libs/connector-sdk/out-mapper';
import type { Ticket } from '#libs/mapping/encode-out';

/** What a target takes about persons, field by field. */
export interface PersonChannel {
  /** Canonical paths that reach it. */
  fields: readonly string[];
  /** Canonical paths a created person must have; absent: the hub may not create one. */
  createNeeds?: readonly string[];
  /** Columns written from each canonical path. */
  columnsOf: ReadonlyMap<string, readonly string[]>;
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
  mapper: OutMapper;
  person?: PersonChannel;
  /** Kinds of tickets it takes instead of fields. */
  ticketKinds?: readonly Ticket['kind'][];
  /** Columns of its own record that go along with every write. */
  carried: readonly string[];
  /** Restricted facets this system owns: whether it holds somebody is told to nobody outside these scopes. */
  scopes: readonly string[];
}

export function targetOf(connector: Connector): Target {
  const { manifest, mappingOut } = connector;
  const { delivery } = manifest;
  const mapper = new OutMapper(connector);
  const target: Target = {
    id: connector.id,
    name: manifest.name,
    nameEn: manifest.nameEn,
    live: manifest.mode === 'live' && delivery !== undefined && delivery.protocol !== 'none-yet',
    ...(delivery?.protocol === 'none-yet' && { speaks: delivery.speaks }),
    mapper,
    carried: mappingOut.person?.carry ?? [],
    scopes: manifest.restricted.map((facet) => facet.replace(/^facets\./, '')),
  };
  const section = mappingOut.person;
  if (section !== undefined && Object.keys(section.columns).length > 0) {
    const columnsOf = new Map<string, string[]>();
    for (const [column, spec] of Object.entries(section.columns)) {
      for (const field of spec.first === undefined ? [spec.field] : [spec.first.field, spec.field]) columnsOf.set(field, [...(columnsOf.get(field) ?? []), column]);
    }
    target.person = { fields: mapper.fields('person'), columnsOf, ...(section.createRef !== undefined && { createNeeds: section.createNeeds }) };
  }
  if (mappingOut.ticket !== undefined) target.ticketKinds = Object.keys(mappingOut.ticket.kinds) as Ticket['kind'][];
  return target;
}
