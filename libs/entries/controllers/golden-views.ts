import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import type { PairExplanation } from '#libs/matching/explain-pair';
import type { GoldenFields } from '#libs/model/golden-record';
import type { LoadedMember } from '../entity-loader.js';
import type { FoundAddress } from '../person-search.js';
import type { VisibleEntity } from '../visible-entities.js';

const FIELDS_DESCRIPTION = 'Canonical path → winning value, with its provenance (record, system, times, raw text, reason) and the values that lost. '
  + 'Lists carry the provenance of each element. See schemas/canonical.';

/** A record of one system, side by side with those of the others. */
export class RecordView {
  @ApiProperty({ description: 'system:recordType:naturalKey', example: 'grid:person:88213' }) key!: string;
  @ApiProperty({ example: 'grid' }) system!: string;
  @ApiProperty({ enum: ['current', 'withdrawn'] }) state!: string;
  @ApiPropertyOptional({ description: 'When the source says this became so.', format: 'date-time' }) sourceTime?: string;
  @ApiProperty({ description: 'When the hub read it.', format: 'date-time' }) observedAt!: string;
  @ApiProperty({ description: 'Attached only: it contributes no identity and no value.' }) attached!: boolean;
  @ApiPropertyOptional({ description: 'Probability of an attachment.' }) probability?: number;
  @ApiProperty({ description: 'The canonical body as this system has it.', type: Object }) body!: object;
  @ApiPropertyOptional({ description: 'What the system wrote, by canonical path, where it differs.', type: Object }) raw?: Record<string, string>;
  @ApiPropertyOptional({ description: 'Doubts about single fields: path and code.', type: [Object] }) issues?: object[];
  @ApiPropertyOptional({ description: 'Fields that only repeat what the hub wrote there.', type: [String] }) hubOrigin?: string[];
}

export class HouseholdSummary {
  @ApiProperty({ example: 'h-0192f0c1-7b1d-7c3a-9d3e-1a2b3c4d5e6f' }) id!: string;
  @ApiPropertyOptional({ enum: ['registered', 'living', 'residential'] }) kind?: string;
  @ApiPropertyOptional({ type: Object }) address?: unknown;
}

/** A value that somebody disputes and the department has not answered yet. */
export class ContestedView {
  @ApiProperty({ description: 'Canonical path.' }) field!: string;
  @ApiProperty({ description: 'Id of the dispute.' }) dispute!: string;
  @ApiProperty({ format: 'date-time' }) since!: string;
  @ApiProperty({ format: 'date', description: 'Last day for the answer.' }) dueOn!: string;
}

/** What every golden record shows. */
abstract class GoldenView {
  @ApiProperty({ description: 'Stable id; a merged id leads here for ever.' }) id!: string;
  @ApiProperty({ description: FIELDS_DESCRIPTION, type: Object }) fields!: GoldenFields;
  @ApiProperty({ description: 'The records of the systems, side by side; none for statisticians.', type: [RecordView] }) records!: RecordView[];
  @ApiPropertyOptional({ description: 'The newest source time among what is shown.', format: 'date-time' }) asOf?: string;
  @ApiProperty({ description: 'Values under dispute (有异议).', type: [ContestedView] }) contested!: ContestedView[];
}

export class PersonView extends GoldenView {
  @ApiProperty({ description: 'Households that list the person and that you may see.', type: [HouseholdSummary] }) households!: HouseholdSummary[];
}

export class PersonSummary {
  @ApiProperty({ example: 'p-0192f0c1-7b1d-7c3a-9d3e-1a2b3c4d5e6f' }) id!: string;
  @ApiPropertyOptional() name?: string;
  @ApiPropertyOptional({ description: 'GB/T 2261.1' }) sex?: string;
  @ApiPropertyOptional({ description: 'As far as known: yyyy, yyyy-mm or yyyy-mm-dd.' }) birthDate?: string;
  @ApiPropertyOptional({ type: Object }) currentAddress?: unknown;
  @ApiPropertyOptional({ enum: ['alive', 'suspectedDead', 'dead'] }) vitalStatus?: string;
}

export class FoundPerson extends PersonSummary {
  @ApiPropertyOptional({ description: 'The address that lies in the one sought, and whether somebody lives or is registered there: `field` and `address`. Only in a search by address.', type: Object })
  foundAddress?: FoundAddress;
}

export class HouseholdMemberView extends PersonSummary {
  @ApiPropertyOptional({ description: 'GB/T 4761-2008, relation to the head.' }) relation?: string;
}

export class HouseholdView extends GoldenView {
  @ApiProperty({ description: 'Its members that you may see.', type: [HouseholdMemberView] }) members!: HouseholdMemberView[];
}

export class DwellingView extends GoldenView {}

export class PersonLinkView {
  @ApiProperty({ description: 'Two record keys.', type: [String] }) records!: [string, string];
  @ApiProperty({ description: 'The waterfall: steps with their weight in bits, probability, conclusion.', type: Object }) explanation!: PairExplanation;
}

export class KnownStateView {
  @ApiProperty({ description: 'Since when the hub knew it so.', format: 'date-time' }) knownFrom!: string;
  @ApiPropertyOptional({ description: 'Until when; absent for what is known now.', format: 'date-time' }) knownTo?: string;
  @ApiPropertyOptional({ description: 'Since when it is true, as far as a source says.', format: 'date-time' }) trueFrom?: string;
  @ApiProperty({ description: 'Canonical paths that changed.', type: [String] }) changed!: string[];
  @ApiProperty({ description: FIELDS_DESCRIPTION, type: Object }) fields!: GoldenFields;
}

export function goldenView(entity: VisibleEntity): Pick<PersonView, 'id' | 'fields' | 'records' | 'asOf'> {
  const { id, fields, asOf } = entity.golden;
  return { id, fields, records: entity.members.map(recordView), ...(asOf !== undefined && { asOf }) };
}

function recordView(member: LoadedMember): RecordView {
  const { system, state, sourceTime, observedAt, body, raw, issues, hubOrigin } = member.record;
  return {
    key: member.key, system, state, observedAt, attached: member.attached, body,
    ...(sourceTime !== undefined && { sourceTime }),
    ...(member.attached && member.probability !== undefined && { probability: member.probability }),
    ...(raw && { raw }),
    ...(issues && { issues: issues.map(({ field, code }) => ({ field, code })) }),
    ...(hubOrigin && { hubOrigin }),
  };
}

export function personSummary(entity: VisibleEntity): PersonSummary {
  const { id, fields } = entity.golden;
  const value = <T>(path: string): T | undefined => fields[path]?.value as T | undefined;
  return {
    id, name: value<{ value: string }>('name')?.value, sex: value('sex'), birthDate: value<{ date: string }>('birthDate')?.date,
    currentAddress: value('currentAddress'), vitalStatus: value('vitalStatus'),
  };
}

export function householdSummary(entity: VisibleEntity): HouseholdSummary {
  const { id, fields } = entity.golden;
  return { id, kind: fields['kind']?.value as string | undefined, address: fields['address']?.value };
}
