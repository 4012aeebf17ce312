import { legacyColumns, type Connector } from '#libs/connector-sdk/connector';
import type { DeliverySpec } from '#libs/connector-sdk/delivery-spec';
import { OutMapper } from '#libs/connector-sdk/out-mapper';
import type { RecordType } from '#libs/kernel/record-key';
import type { Ticket } from '#libs/mapping/encode-out';
import type { OutSection } from '#libs/mapping/mapping-out';

/** What a target takes about records of one type, field by field. */
export interface RecordChannel {
  recordType: RecordType;
  /** Canonical paths that reach it. */
  fields: readonly string[];
  /** Canonical paths a created record must have; absent: the hub may not create one. */
  createNeeds?: readonly string[];
  /** Columns written from each canonical path. */
  columnsOf: ReadonlyMap<string, readonly string[]>;
  /** Columns that come back with the target's own records; of the others only what was written is known. */
  readable: ReadonlySet<string>;
  /** Canonical paths of which the target is only told whether its own value is the winning one. */
  answers: ReadonlySet<string>;
  /** Columns of its own record that go along with every write. */
  carried: readonly string[];
  /** One changed column takes all the others with it: the target takes them as one statement. */
  together: boolean;
}

/** How a target says that a write arrived: at once, or later by taking the file, the row or the workbook. */
export type Acknowledges = 'answer' | 'pickUp' | 'take' | 'download';

/** One system as something to deliver to, compiled from its connector folder. */
export interface Target {
  id: string;
  name: string;
  nameEn: string;
  /** Its write-back protocol is built; otherwise deliveries say what they wait for. */
  live: boolean;
  acknowledges: Acknowledges;
  mapper: OutMapper;
  channels: ReadonlyMap<RecordType, RecordChannel>;
  /** Its dwellings are told how many live in them. */
  countsResidents: boolean;
  /** Kinds of tickets it takes instead of fields. */
  ticketKinds?: readonly Ticket['kind'][];
  /** Restricted facets this system owns: whether it holds somebody is told to nobody outside these scopes. */
  scopes: readonly string[];
}

/** The canonical path under which the residents of a dwelling are counted. */
export const RESIDENTS_PATH = 'memberships';

export function targetOf(connector: Connector): Target {
  const { manifest, mappingOut } = connector;
  const { delivery } = manifest;
  const mapper = new OutMapper(connector);
  const channels = new Map<RecordType, RecordChannel>();
  const kept = legacyColumns(connector);
  const readable = (type: RecordType): Set<string> => new Set(manifest.records.filter((r) => r.type === type).flatMap((r) => kept.get(r.name) ?? []));
  for (const recordType of ['person', 'household', 'dwelling'] as const) {
    const section = mappingOut[recordType];
    if (section !== undefined && Object.keys(section.columns).length > 0) channels.set(recordType, channelOf(recordType, section, mapper, readable(recordType)));
  }
  const target: Target = {
    id: connector.id,
    name: manifest.name,
    nameEn: manifest.nameEn,
    live: manifest.mode === 'live' && delivery !== undefined,
    acknowledges: acknowledges(delivery?.protocol),
    mapper,
    channels,
    countsResidents: channels.get('dwelling')?.fields.includes(RESIDENTS_PATH) === true,
    scopes: manifest.restricted.map((facet) => facet.replace(/^facets\./, '')),
  };
  if (mappingOut.ticket !== undefined) target.ticketKinds = Object.keys(mappingOut.ticket.kinds) as Ticket['kind'][];
  return target;
}

function acknowledges(protocol: DeliverySpec['protocol'] | undefined): Acknowledges {
  switch (protocol) {
    case 'file-drop':
      return 'pickUp';
    case 'sql-table':
      return 'take';
    case 'workbook-download':
      return 'download';
    default:
      return 'answer';
  }
}

function channelOf(recordType: RecordType, section: OutSection, mapper: OutMapper, readable: ReadonlySet<string>): RecordChannel {
  const columnsOf = new Map<string, string[]>();
  for (const [column, spec] of Object.entries(section.columns)) {
    for (const field of spec.first === undefined ? [spec.field] : [spec.first.field, spec.field]) columnsOf.set(field, [...(columnsOf.get(field) ?? []), column]);
  }
  const answers = new Set([...columnsOf].filter(([, columns]) => columns.every((c) => section.columns[c]!.as === 'matches')).map(([path]) => path));
  return {
    recordType, fields: mapper.fields(recordType), columnsOf, readable, answers, carried: section.carry, together: section.together,
    ...(section.createRef !== undefined && { createNeeds: section.createNeeds }),
  };
}
