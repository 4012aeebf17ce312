import type { Ticket } from '#libs/mapping/encode-out';
import type { PersonBody } from '#libs/model/bodies';
import type { GoldenFields } from '#libs/model/golden-record';
import type { AnySourceRecord } from '#libs/model/source-record';
import type { Address } from '#libs/model/values';
import type { WrittenProjection } from './plan-write.js';

type Kind = Ticket['kind'];

/** A ticket that is due, with the state of things it tells, so that one change is told once. */
export interface DueTicket {
  kind: Kind;
  text: string;
  signature: string;
}

export interface TicketInput {
  kinds: readonly Kind[];
  /** The person as the target may see it. */
  shareable: GoldenFields;
  /** The target's own record the ticket is about. */
  own: AnySourceRecord;
  written: WrittenProjection | undefined;
  /** Names of open reviews in which this person's citizen ID is contested. */
  contested: readonly string[];
}

/** Under which name of the projection a told ticket is remembered. */
export function ticketPath(kind: Kind): string {
  return `ticket:${kind}`;
}

/**
 * Tickets for a system that takes no field: a contested citizen ID (疑似重号), a death others report while it says alive (疑似死亡),
 * a life elsewhere than registered (人户分离). A state of things already told is not told again; a new source of it is.
 */
export function planTickets(input: TicketInput): DueTicket[] {
  const found: DueTicket[] = [];
  for (const kind of input.kinds) {
    const ticket = RULES[kind](input);
    if (ticket === undefined) continue;
    if (input.written?.fields[ticketPath(kind)]?.value === ticket.signature) continue;
    found.push({ kind, ...ticket });
  }
  return found;
}

/** Canonical paths whose change may make a ticket due. */
export const TICKET_PATHS = ['currentAddress', 'registeredAddress', 'vitalStatus', 'citizenId'] as const;

const RULES: Record<Kind, (input: TicketInput) => Omit<DueTicket, 'kind'> | undefined> = {
  livesElsewhere: ({ shareable, own }) => {
    const golden = shareable['currentAddress'];
    const registered = (own.body as PersonBody).registeredAddress;
    if (golden === undefined || registered === undefined || golden.provenance.system === own.system) return undefined;
    const current = golden.value as Address;
    if (!livesElsewhere(current, registered)) return undefined;
    const text = `人户分离：现住地区划代码${current.division ?? '不详'}，与户籍地不一致`;
    return { text, signature: `${golden.provenance.record} ${[current.division, current.estate, current.road, current.number, current.building, current.unit, current.room].join('|')}` };
  },
  suspectedDeath: ({ shareable, own }) => {
    const golden = shareable['vitalStatus'];
    if ((golden?.value !== 'suspectedDead' && golden?.value !== 'dead') || (own.body as PersonBody).vitalStatus === 'dead') return undefined;
    if (golden.provenance.system === own.system) return undefined;
    return { text: '疑似死亡：其他部门或社区登记为死亡，请核实', signature: golden.provenance.record };
  },
  contestedId: ({ contested }) =>
    contested.length === 0 ? undefined : { text: '疑似重号：该公民身份号码另有他人使用，请核实', signature: [...contested].sort().join(' ') },
};

const HOUSE = ['estate', 'road', 'number', 'building', 'unit', 'room'] as const;

/** Another community, or another house as far as both addresses name its parts; a part only one names says nothing. */
export function livesElsewhere(current: Address, registered: Address): boolean {
  if (current.division?.length === 12 && registered.division?.length === 12 && current.division !== registered.division) return true;
  return HOUSE.some((part) => current[part] !== undefined && registered[part] !== undefined && current[part] !== registered[part]);
}
