import { ApiExtraModels, ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsBoolean, IsIn, IsOptional, IsString, Length, Matches, ValidateNested } from 'class-validator';
import { said } from '#libs/access/request-validation';
import { IsCitizenId, IsCodeOf, IsDay, IsPersonName, IsPhone } from './entry-constraints.js';

export const ENTRY_KINDS = ['newPerson', 'move', 'death', 'phone', 'householdChange'] as const;
export type EntryKind = (typeof ENTRY_KINDS)[number];

const ADDRESS_LENGTH = said('地址为 2 到 200 个字。', 'An address has 2 to 200 characters.');
const CHOOSE = said('请从列表中选择。', 'Choose from the list.');

/** A person by name and citizen ID, as typed. */
export class NamedPerson {
  @ApiProperty({ description: '姓名', example: '张伟强' })
  @IsPersonName()
  name!: string;

  @ApiProperty({ description: '公民身份号码 (GB 11643), or a residence permit or passport number', example: '990101196203150315' })
  @IsCitizenId()
  citizenId!: string;
}

/** A related person: the ID may be unknown. */
export class RelatedPerson {
  @ApiProperty({ description: '姓名' })
  @IsPersonName()
  name!: string;

  @ApiPropertyOptional({ description: '公民身份号码' })
  @IsOptional()
  @IsCitizenId()
  citizenId?: string;
}

/** What every entry says: since when it is true, and a note for the colleagues. */
abstract class EntryRequest {
  @ApiProperty({ description: 'Since when it is true, yyyy-mm-dd; not in the future.', example: '2026-03-31' })
  @IsDay()
  occurredOn!: string;
}

/** An entry about somebody the hub may know: picked first (`personId`), or named. */
abstract class EntryAboutPerson extends EntryRequest {
  @ApiPropertyOptional({ description: 'The person the worker picked from a search. Preferred: no doubt is left who is meant.', example: 'p-0192f0c1-7b1d-7c3a-9d3e-1a2b3c4d5e6f' })
  @IsOptional()
  @Matches(/^p-[0-9a-f-]{36}$/, { message: said('请重新选择此人。', 'Choose the person again.') })
  personId?: string;

  @ApiPropertyOptional({ description: 'The person by name and citizen ID, when not picked.', type: NamedPerson })
  @IsOptional()
  @ValidateNested()
  @Type(() => NamedPerson)
  person?: NamedPerson;
}

export class NewPersonEntry extends EntryRequest {
  @ApiProperty({ enum: ['newPerson'] })
  @IsIn(['newPerson'], { message: CHOOSE })
  kind!: 'newPerson';

  @ApiProperty({ description: '姓名' })
  @IsPersonName()
  name!: string;

  @ApiPropertyOptional({ description: '公民身份号码; leave out when the person has none yet (a newborn)' })
  @IsOptional()
  @IsCitizenId()
  citizenId?: string;

  @ApiPropertyOptional({ description: '性别 GB/T 2261.1', example: '1' })
  @IsOptional()
  @IsCodeOf('sex')
  sex?: string;

  @ApiPropertyOptional({ description: '出生日期 yyyy-mm-dd; needed when there is no citizen ID' })
  @IsOptional()
  @IsDay()
  birthDate?: string;

  @ApiPropertyOptional({ description: '民族 GB/T 3304', example: '01' })
  @IsOptional()
  @IsCodeOf('ethnic-group')
  ethnicGroup?: string;

  @ApiPropertyOptional({ description: '联系电话' })
  @IsOptional()
  @IsPhone()
  phone?: string;

  @ApiProperty({ description: '现住址', example: '幸福小区3幢2单元301室' })
  @IsString({ message: ADDRESS_LENGTH })
  @Length(2, 200, { message: ADDRESS_LENGTH })
  currentAddress!: string;

  @ApiPropertyOptional({ description: '户籍地址' })
  @IsOptional()
  @IsString({ message: ADDRESS_LENGTH })
  @Length(2, 200, { message: ADDRESS_LENGTH })
  registeredAddress?: string;

  @ApiPropertyOptional({ description: '母亲, for a newborn', type: RelatedPerson })
  @IsOptional()
  @ValidateNested()
  @Type(() => RelatedPerson)
  mother?: RelatedPerson;
}

export class MoveEntry extends EntryAboutPerson {
  @ApiProperty({ enum: ['move'] })
  @IsIn(['move'], { message: CHOOSE })
  kind!: 'move';

  @ApiProperty({ description: '`arrived` or `moved` live at the address from that day on; `left` went away from the city', enum: ['arrived', 'moved', 'left'] })
  @IsIn(['arrived', 'moved', 'left'], { message: CHOOSE })
  direction!: 'arrived' | 'moved' | 'left';

  @ApiPropertyOptional({ description: '新住址; needed unless the person left', example: '幸福小区3幢2单元301室' })
  @IsOptional()
  @IsString({ message: ADDRESS_LENGTH })
  @Length(2, 200, { message: ADDRESS_LENGTH })
  address?: string;
}

export class DeathEntry extends EntryAboutPerson {
  @ApiProperty({ enum: ['death'], description: 'A death; `occurredOn` is its day.' })
  @IsIn(['death'], { message: CHOOSE })
  kind!: 'death';
}

export class PhoneEntry extends EntryAboutPerson {
  @ApiProperty({ enum: ['phone'] })
  @IsIn(['phone'], { message: CHOOSE })
  kind!: 'phone';

  @ApiProperty({ description: '联系电话' })
  @IsPhone()
  phone!: string;

  @ApiPropertyOptional({ description: 'The worker called it and the person answered.' })
  @IsOptional()
  @IsBoolean({ message: said('只能填 true 或 false。', 'true or false.') })
  verified?: boolean;
}

export class HouseholdChangeEntry extends EntryAboutPerson {
  @ApiProperty({ enum: ['householdChange'] })
  @IsIn(['householdChange'], { message: CHOOSE })
  kind!: 'householdChange';

  @ApiProperty({ enum: ['married', 'divorced', 'widowed', 'joined'] })
  @IsIn(['married', 'divorced', 'widowed', 'joined'], { message: CHOOSE })
  change!: 'married' | 'divorced' | 'widowed' | 'joined';

  @ApiPropertyOptional({ description: '配偶, for a marriage', type: RelatedPerson })
  @IsOptional()
  @ValidateNested()
  @Type(() => RelatedPerson)
  spouse?: RelatedPerson;

  @ApiPropertyOptional({ description: 'The household the person now lives in; needed for `joined`.' })
  @IsOptional()
  @Matches(/^h-[0-9a-f-]{36}$/, { message: said('请重新选择户。', 'Choose the household again.') })
  householdId?: string;

  @ApiPropertyOptional({ description: '与户主关系 GB/T 4761-2008', example: '10' })
  @IsOptional()
  @IsCodeOf('kinship')
  relation?: string;
}

export type AnyEntryRequest = NewPersonEntry | MoveEntry | DeathEntry | PhoneEntry | HouseholdChangeEntry;

export const ENTRY_CLASSES: Record<EntryKind, new () => AnyEntryRequest> = {
  newPerson: NewPersonEntry, move: MoveEntry, death: DeathEntry, phone: PhoneEntry, householdChange: HouseholdChangeEntry,
};

/** For the OpenAPI document: the classes that an entry may be. */
export const DocumentsEntries = (): ClassDecorator => ApiExtraModels(...Object.values(ENTRY_CLASSES));
