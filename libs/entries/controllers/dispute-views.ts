import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsBoolean, IsIn, IsOptional, IsString, Length, Matches, MaxLength } from 'class-validator';
import { PageMark, PageRequest } from '#libs/access/page-request';
import { said } from '#libs/access/request-validation';
import type { SystemNames } from '../system-names.js';
import type { StoredDispute } from '../dispute-store.js';

const FILTERS = ['open', 'answered', 'withdrawn', 'overdue'] as const;
const CHOOSE = said('请从列表中选择。', 'Choose from the list.');
const FIELD = said('请填写字段名，如 currentAddress。', 'A canonical field, like currentAddress.');
const TEXT = said('至多 500 字。', 'At most 500 characters.');

/** How far a dispute got, in words. */
const STATE_WORDS: Record<'open' | 'overdue' | 'upheld' | 'corrected' | 'withdrawn', { zh: string; en: string }> = {
  open: { zh: '待主管部门答复', en: 'waits for the department' },
  overdue: { zh: '超期未答复', en: 'overdue' },
  upheld: { zh: '已答复：维持原值', en: 'answered: the value stands' },
  corrected: { zh: '已答复：更正', en: 'answered: corrected' },
  withdrawn: { zh: '已撤回', en: 'withdrawn' },
};

const flag = (): PropertyDecorator => Transform(({ value }: { value: unknown }) => (value === 'true' ? true : value === 'false' ? false : value));

export class DisputePageRequest extends PageRequest {
  @ApiPropertyOptional({ enum: FILTERS })
  @IsOptional()
  @IsIn(FILTERS, { message: CHOOSE })
  state?: (typeof FILTERS)[number];

  @ApiPropertyOptional({ description: 'Only those you opened.' })
  @IsOptional()
  @flag()
  @IsBoolean({ message: CHOOSE })
  mine?: boolean;

  @ApiPropertyOptional({ description: 'Only those you may answer.' })
  @IsOptional()
  @flag()
  @IsBoolean({ message: CHOOSE })
  toAnswer?: boolean;
}

export class DisputeRequest {
  @ApiPropertyOptional({ description: 'The person, household or dwelling; or give `record`.', example: 'p-0192f0c1-7b1d-7c3a-9d3e-1a2b3c4d5e6f' })
  @IsOptional()
  @Matches(/^[phd]-[0-9a-f-]{36}$/, { message: said('编号有误。', 'Not an id of a person, household or dwelling.') })
  entityId?: string;

  @ApiPropertyOptional({ description: 'A record of it, by key.', example: 'grid:person:88213' })
  @IsOptional()
  @IsString({ message: said('请填写记录键。', 'A record key.') })
  @MaxLength(300, { message: said('请填写记录键。', 'A record key.') })
  record?: string;

  @ApiProperty({ description: 'Canonical path of the value.', example: 'currentAddress' })
  @Matches(/^[A-Za-z]+(\.[A-Za-z]+)?$/, { message: FIELD })
  @MaxLength(60, { message: FIELD })
  field!: string;

  @ApiPropertyOptional({ description: 'What is said to be right, as one would enter it.' })
  @IsOptional()
  @IsString({ message: TEXT })
  @Length(1, 500, { message: TEXT })
  said?: string;

  @ApiProperty({ description: '理由: why, and what shows it.' })
  @IsString({ message: said('请填写理由。', 'Give the grounds.') })
  @Length(1, 500, { message: said('请填写理由，至多 500 字。', 'Give the grounds, in at most 500 characters.') })
  grounds!: string;
}

export class DisputeAnswerRequest {
  @ApiProperty({ enum: ['upheld', 'corrected'], description: '`upheld`: the value stands; `corrected`: it was wrong.' })
  @IsIn(['upheld', 'corrected'], { message: CHOOSE })
  outcome!: 'upheld' | 'corrected';

  @ApiPropertyOptional({ description: 'Of a correction: the right value, as one would enter it. Left out: corrected in the department’s own system, whose next export brings it.' })
  @IsOptional()
  @IsString({ message: TEXT })
  @Length(1, 500, { message: TEXT })
  value?: string;

  @ApiPropertyOptional({ description: 'For whoever asked.' })
  @IsOptional()
  @IsString({ message: TEXT })
  @Length(1, 500, { message: TEXT })
  note?: string;
}

export class DisputeSummary {
  @ApiProperty() id!: string;
  @ApiProperty({ enum: ['person', 'household', 'dwelling'] }) recordType!: string;
  @ApiProperty({ description: 'Canonical path.' }) field!: string;
  @ApiProperty({ description: 'The system believed most for the field.' }) department!: string;
  @ApiPropertyOptional({ description: 'The department in Chinese.' }) departmentName?: string;
  @ApiPropertyOptional({ description: 'Its system in English.' }) departmentNameEn?: string;
  @ApiProperty({ enum: ['open', 'overdue', 'answered', 'withdrawn'] }) state!: string;
  @ApiPropertyOptional({ enum: ['upheld', 'corrected'] }) outcome?: string;
  @ApiProperty({ description: 'The state in Chinese.' }) stateZh!: string;
  @ApiProperty({ description: 'The state in English.' }) stateEn!: string;
  @ApiProperty({ format: 'date-time' }) openedAt!: string;
  @ApiProperty({ format: 'date', description: 'Last day to answer.' }) dueOn!: string;
  @ApiPropertyOptional({ format: 'date-time' }) answeredAt?: string;
  @ApiProperty({ description: 'You opened it.' }) mine!: boolean;
}

export class DisputeView extends DisputeSummary {
  @ApiProperty({ description: 'The record the disputed value was won by.' }) record!: string;
  @ApiProperty({ description: 'The value as it stood.', type: Object }) over!: unknown;
  @ApiPropertyOptional({ description: 'What is said to be right.' }) said?: string;
  @ApiProperty() grounds!: string;
  @ApiPropertyOptional({ description: 'The right value, by the department.' }) value?: string;
  @ApiPropertyOptional({ description: 'What the department says to it.' }) note?: string;
  @ApiProperty({ description: 'You may answer it.' }) answerable!: boolean;
  @ApiPropertyOptional({ format: 'date-time', description: 'When the correction was taken in.' }) settledAt?: string;
  @ApiPropertyOptional({ description: 'Why the correction could not be taken in.' }) failureReason?: string;
}

export class DisputePage extends PageMark {
  @ApiProperty({ type: [DisputeSummary] }) items!: DisputeSummary[];
}

export function disputeSummary(d: StoredDispute, overdue: boolean, mine: boolean, names: SystemNames): DisputeSummary {
  const state = overdue ? 'overdue' : d.state;
  const words = STATE_WORDS[state === 'answered' ? d.outcome! : state];
  const system = names.of(d.department);
  return {
    id: d.id, recordType: d.recordType, field: d.field, department: d.department, state, stateZh: words.zh, stateEn: words.en, openedAt: d.openedAt, dueOn: d.dueOn, mine,
    ...(system && { departmentName: system.owner, departmentNameEn: system.nameEn }),
    ...(d.outcome !== undefined && { outcome: d.outcome }),
    ...(d.answeredAt !== undefined && { answeredAt: d.answeredAt }),
  };
}

export function disputeView(d: StoredDispute, overdue: boolean, mine: boolean, answerable: boolean, names: SystemNames): DisputeView {
  const { record, over, said: right, grounds } = d.claim;
  return {
    ...disputeSummary(d, overdue, mine, names), record, over, grounds, answerable: answerable && d.state === 'open',
    ...(right !== undefined && { said: right }),
    ...(d.answer?.value !== undefined && { value: d.answer.value }),
    ...(d.answer?.note !== undefined && { note: d.answer.note }),
    ...(d.settledAt !== undefined && { settledAt: d.settledAt }),
    ...(d.failureReason !== undefined && { failureReason: d.failureReason }),
  };
}
