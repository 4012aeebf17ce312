import { Body, Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProperty, ApiPropertyOptional, ApiTags } from '@nestjs/swagger';
import { IsIn, IsOptional, IsString, MaxLength } from 'class-validator';
import { AccessLog } from '#libs/access/access-log';
import { Roles } from '#libs/access/access-policy';
import type { Account } from '#libs/access/account';
import { invalidRequest, said } from '#libs/access/request-validation';
import { SignedIn } from '#libs/access/signed-in';
import type { AgreementFilter, SharingAgreement } from '../agreement-store.js';
import { FanoutStore } from '../fanout-store.js';

const STATES = ['proposed', 'approved', 'revoked'] as const;
const WORD = said('筛选条件有误。', 'Not a filter.');

class AgreementRequest implements AgreementFilter {
  @ApiPropertyOptional()
  @IsOptional()
  @IsString({ message: WORD })
  @MaxLength(60, { message: WORD })
  id?: string;

  @ApiPropertyOptional({ example: 'hub' })
  @IsOptional()
  @IsString({ message: WORD })
  @MaxLength(60, { message: WORD })
  provider?: string;

  @ApiPropertyOptional({ example: 'grid' })
  @IsOptional()
  @IsString({ message: WORD })
  @MaxLength(60, { message: WORD })
  target?: string;

  @ApiPropertyOptional({ example: 'currentAddress' })
  @IsOptional()
  @IsString({ message: WORD })
  @MaxLength(60, { message: WORD })
  field?: string;

  @ApiPropertyOptional({ enum: STATES })
  @IsOptional()
  @IsIn(STATES, { message: WORD })
  state?: (typeof STATES)[number];
}

class AgreementView implements SharingAgreement {
  @ApiProperty() id!: string;
  @ApiProperty() provider!: string;
  @ApiProperty() target!: string;
  @ApiProperty({ description: 'Canonical path (共享范围).' }) field!: string;
  @ApiProperty({ description: '共享方式' }) channel!: string;
  @ApiPropertyOptional({ description: '共享标准' }) codeTable?: string;
  @ApiProperty() purpose!: string;
  @ApiProperty() legalBasis!: string;
  @ApiProperty({ enum: ['unconditional', 'conditional', 'none'] }) condition!: SharingAgreement['condition'];
  @ApiPropertyOptional() conditionText?: string;
  @ApiProperty({ format: 'date' }) expiresOn!: string;
  @ApiProperty({ description: '政务数据目录' }) catalogueId!: string;
  @ApiProperty({ enum: STATES }) state!: SharingAgreement['state'];
  @ApiPropertyOptional() decidedBy?: string;
  @ApiPropertyOptional({ format: 'date-time' }) decidedAt?: string;
}

/** Which field of which provider may go to which target. Absent or undecided means no. */
@ApiTags('agreements')
@Controller('agreements')
@Roles('admin')
export class AgreementController {
  constructor(private readonly store: FanoutStore, private readonly log: AccessLog) {}

  @Get()
  @Roles('admin', 'auditor', 'steward')
  @ApiOperation({ summary: 'Sharing agreements' })
  @ApiOkResponse({ type: [AgreementView] })
  list(@Query() filter: AgreementRequest): Promise<AgreementView[]> {
    return this.store.agreements.list({ ...filter });
  }

  @Post('approve')
  @HttpCode(200)
  @ApiOperation({ summary: 'Put proposed agreements in force; a revoked one only by its id' })
  @ApiOkResponse({ type: [AgreementView], description: 'What changed.' })
  async approve(@SignedIn() account: Account, @Body() filter: AgreementRequest): Promise<AgreementView[]> {
    mustName(filter);
    const changed = await this.store.unitOfWork.run((tx) => this.store.agreements.approve(tx, { ...filter }, account.id));
    await this.log.noteEach(account, 'agreement.approve', changed.map((a) => a.id));
    return changed;
  }

  @Post('revoke')
  @HttpCode(200)
  @ApiOperation({ summary: 'End agreements: from now on nothing goes out under them' })
  @ApiOkResponse({ type: [AgreementView], description: 'What changed.' })
  async revoke(@SignedIn() account: Account, @Body() filter: AgreementRequest): Promise<AgreementView[]> {
    mustName(filter);
    const changed = await this.store.unitOfWork.run((tx) => this.store.agreements.revoke(tx, { ...filter }, account.id));
    await this.log.noteEach(account, 'agreement.revoke', changed.map((a) => a.id));
    return changed;
  }
}

/** A forgotten filter must not put everything in force, nor end it. */
function mustName(filter: AgreementRequest): void {
  if (Object.values(filter).some((v) => v !== undefined)) return;
  throw invalidRequest([{ field: 'target', zh: '请指明要办理哪些共享协议，例如全部待批准的：state 填 proposed。', en: 'Say which agreements; for all that are undecided, `state` is proposed.' }]);
}
