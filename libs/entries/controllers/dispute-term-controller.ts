import { Body, Controller, Get, Put } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProperty, ApiPropertyOptional, ApiTags } from '@nestjs/swagger';
import { IsBoolean, IsInt, IsOptional, Matches, Max, Min } from 'class-validator';
import { AccessLog } from '#libs/access/access-log';
import { Roles } from '#libs/access/access-policy';
import type { Account } from '#libs/access/account';
import { said } from '#libs/access/request-validation';
import { SignedIn } from '#libs/access/signed-in';
import { DisputeTermStore, type DisputeTerms } from '../dispute-terms.js';
import { IsDay } from '../entry-constraints.js';

class DisputeTermsView implements DisputeTerms {
  @ApiProperty({ description: 'Working days for fields without a term of their own.' }) ordinary!: number;
  @ApiProperty({ type: 'object', additionalProperties: { type: 'integer' }, description: 'Working days by field.' }) fields!: Record<string, number>;
  @ApiProperty({ type: 'object', additionalProperties: { type: 'boolean' }, description: 'Days that do not follow the week: whether they are worked.' }) calendar!: Record<string, boolean>;
}

class DisputeTermRequest {
  @ApiProperty({ example: 'citizenId' })
  @Matches(/^[A-Za-z]+(\.[A-Za-z]+)?$/, { message: said('请填写字段名，如 currentAddress。', 'A canonical field, like currentAddress.') })
  field!: string;

  @ApiPropertyOptional({ minimum: 1, maximum: 250, description: 'Left out: the ordinary term again.' })
  @IsOptional()
  @IsInt({ message: said('工作日数为 1 到 250。', '1 to 250 working days.') })
  @Min(1, { message: said('工作日数为 1 到 250。', '1 to 250 working days.') })
  @Max(250, { message: said('工作日数为 1 到 250。', '1 to 250 working days.') })
  workingDays?: number;
}

class CalendarDayRequest {
  @ApiProperty({ format: 'date', example: '2026-10-01' })
  @IsDay()
  day!: string;

  @ApiPropertyOptional({ description: 'Left out: the day follows the week again.' })
  @IsOptional()
  @IsBoolean({ message: said('请选择是或否。', 'Yes or no.') })
  works?: boolean;
}

/** How long departments have to answer, and which days count. */
@ApiTags('disputes')
@Controller('dispute-terms')
@Roles('admin')
export class DisputeTermController {
  constructor(
    private readonly terms: DisputeTermStore,
    private readonly log: AccessLog,
  ) {}

  @Get()
  @Roles('admin', 'steward', 'worker')
  @ApiOperation({ summary: 'Terms of answer by field, and the days that do not follow the week' })
  @ApiOkResponse({ type: DisputeTermsView })
  read(): Promise<DisputeTermsView> {
    return this.terms.read();
  }

  @Put('field')
  @ApiOperation({ summary: 'Give a field a term of its own; disputes that are open keep theirs' })
  @ApiOkResponse({ type: DisputeTermsView })
  async setTerm(@SignedIn() account: Account, @Body() body: DisputeTermRequest): Promise<DisputeTermsView> {
    await this.terms.setTerm(body.field, body.workingDays);
    await this.log.note(account, 'dispute.term', body.field, { workingDays: body.workingDays ?? null });
    return this.terms.read();
  }

  @Put('day')
  @ApiOperation({ summary: 'Mark a public holiday, or a weekend that is worked' })
  @ApiOkResponse({ type: DisputeTermsView })
  async setDay(@SignedIn() account: Account, @Body() body: CalendarDayRequest): Promise<DisputeTermsView> {
    await this.terms.setDay(body.day, body.works);
    await this.log.note(account, 'dispute.term', body.day, { works: body.works ?? null });
    return this.terms.read();
  }
}
