import { Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProperty, ApiPropertyOptional, ApiTags } from '@nestjs/swagger';
import { IsOptional, IsString, MaxLength } from 'class-validator';
import { AccessLog } from './access-log.js';
import { Roles } from './access-policy.js';
import type { Account } from './account.js';
import { PageMark, pageOf, PageRequest, readPageMark, type Page } from './page-request.js';
import { said } from './request-validation.js';
import { SignedIn } from './signed-in.js';

class AuditPageRequest extends PageRequest {
  @ApiPropertyOptional({ description: 'Only what concerns this entity, entry or account id.' })
  @IsOptional()
  @IsString({ message: said('编号有误。', 'Not an id.') })
  @MaxLength(100, { message: said('编号有误。', 'Not an id.') })
  subject?: string;
}

class AuditView {
  @ApiProperty() id!: number;
  @ApiProperty({ format: 'date-time' }) at!: string;
  @ApiProperty({ description: 'Account id, `system:<id>`, or `nobody` for a refused login.' }) actor!: string;
  @ApiProperty({ example: 'person.read' }) action!: string;
  @ApiPropertyOptional({ description: 'Id of what was read or changed.' }) subject?: string;
  @ApiPropertyOptional({ type: Object, description: '`withheld`: it tells of restricted facts outside your scopes.' }) detail?: object;
}

class AuditPage extends PageMark {
  @ApiProperty({ type: [AuditView] }) items!: AuditView[];
}

class AuditVerdict {
  @ApiProperty({ description: 'True while every row follows from the one before it.' }) intact!: boolean;
  @ApiPropertyOptional({ description: 'The first row that does not: edited, added, or with a gap before it.' }) brokenAt?: number;
}

/** The tamper-evident log of who saw and changed what. */
@ApiTags('audit')
@Controller('audit')
@Roles('auditor')
export class AuditController {
  constructor(private readonly log: AccessLog) {}

  @Get()
  @ApiOperation({ summary: 'Who saw or changed what, newest first' })
  @ApiOkResponse({ type: AuditPage })
  async list(@SignedIn() account: Account, @Query() page: AuditPageRequest): Promise<Page<AuditView>> {
    const before = Number(readPageMark(page.after, 1)?.[0] ?? Number.MAX_SAFE_INTEGER);
    const rows = await this.log.list({ subject: page.subject, before, openScopes: account.facetScopes, limit: page.limit + 1 });
    await this.log.note(account, 'audit.read', page.subject);
    return pageOf(rows, page.limit, (r) => [String(r.id)], (r) => ({ ...r, at: r.at.toISOString() }));
  }

  @Post('verify')
  @HttpCode(200)
  @ApiOperation({ summary: 'Walk the whole chain and say whether anything was changed' })
  @ApiOkResponse({ type: AuditVerdict })
  async verify(@SignedIn() account: Account): Promise<AuditVerdict> {
    const brokenAt = await this.log.findBreak();
    await this.log.note(account, 'audit.verify');
    return { intact: brokenAt === undefined, ...(brokenAt !== undefined && { brokenAt }) };
  }
}
