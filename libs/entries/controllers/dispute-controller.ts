import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiAcceptedResponse, ApiConflictResponse, ApiCreatedResponse, ApiForbiddenResponse, ApiNoContentResponse, ApiNotFoundResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { AccessLog } from '#libs/access/access-log';
import { Roles } from '#libs/access/access-policy';
import type { Account } from '#libs/access/account';
import { pageOf, readPageMark, type Page } from '#libs/access/page-request';
import { ReceiptLineView } from '#libs/access/receipt-line-view';
import { invalidRequest } from '#libs/access/request-validation';
import { SignedIn } from '#libs/access/signed-in';
import { Disputes, mayAnswer } from '../disputes.js';
import type { StoredDispute } from '../dispute-store.js';
import { ReceiptLines } from '../receipt-lines.js';
import { SystemNames } from '../system-names.js';
import { DisputeAnswerRequest, DisputePage, DisputePageRequest, DisputeRequest, disputeSummary, disputeView, DisputeView, type DisputeSummary } from './dispute-views.js';
import { EntityFinder } from './entity-finder.js';

/** 校核/异议: a value somebody says is wrong, the department's answer, and what became of it everywhere. */
@ApiTags('disputes')
@Controller('disputes')
@Roles('worker', 'steward')
export class DisputeController {
  constructor(
    private readonly disputes: Disputes,
    private readonly finder: EntityFinder,
    private readonly receipts: ReceiptLines,
    private readonly names: SystemNames,
    private readonly log: AccessLog,
  ) {}

  @Post()
  @ApiOperation({ summary: 'Dispute a value of a person, household or dwelling; it goes to the department believed most for it' })
  @ApiCreatedResponse({ type: DisputeView })
  @ApiNotFoundResponse({ description: 'No such person, household, dwelling or record, or outside your scope.' })
  @ApiConflictResponse({ description: 'The value is disputed already.' })
  async open(@SignedIn() account: Account, @Body() body: DisputeRequest): Promise<DisputeView> {
    if ((body.entityId === undefined) === (body.record === undefined)) {
      throw invalidRequest([{ field: 'entityId', zh: '档案编号与记录键任填一项。', en: 'Give either the entity or a record of it.' }]);
    }
    const entity = await this.finder.findAny(body.entityId ?? (await this.finder.entityOf(body.record!, account)), account);
    const dispute = await this.disputes.open(entity, body, account);
    await this.log.note(account, 'dispute.open', dispute.id, { entity: entity.golden.id, field: dispute.field, ...(dispute.scopes.length > 0 && { scopes: dispute.scopes }) });
    return this.viewOf(dispute, account);
  }

  @Get()
  @ApiOperation({ summary: 'Disputes about records you may see, newest first; without the values' })
  @ApiOkResponse({ type: DisputePage })
  async list(@SignedIn() account: Account, @Query() page: DisputePageRequest): Promise<Page<DisputeSummary>> {
    const found = await this.disputes.list(page, account, readPageMark(page.after, 2), page.limit + 1);
    const shown = pageOf(found, page.limit, (d) => [d.openedAt, d.id], (d) => disputeSummary(d, this.disputes.isOverdue(d), d.accountId === account.id, this.names));
    await this.log.noteEach(account, 'dispute.list', shown.items.map((d) => d.id));
    return shown;
  }

  @Get(':id')
  @ApiOperation({ summary: 'One dispute with the value, what is said to be right, and the answer' })
  @ApiOkResponse({ type: DisputeView })
  @ApiNotFoundResponse({ description: 'No such dispute, or outside your scope.' })
  async dispute(@SignedIn() account: Account, @Param('id') id: string): Promise<DisputeView> {
    const dispute = await this.disputes.find(id, account);
    await this.log.note(account, 'dispute.read', id);
    return this.viewOf(dispute, account);
  }

  @Get(':id/receipt')
  @ApiOperation({ summary: 'How far the correction got: one line for each target system' })
  @ApiOkResponse({ type: [ReceiptLineView] })
  @ApiNotFoundResponse({ description: 'No such dispute, or outside your scope.' })
  async receipt(@SignedIn() account: Account, @Param('id') id: string): Promise<ReceiptLineView[]> {
    await this.disputes.find(id, account);
    await this.log.note(account, 'dispute.read', id);
    return this.receipts.of(id, account);
  }

  @Post(':id/answer')
  @HttpCode(202)
  @ApiOperation({ summary: 'Answer in the name of the department; a correction goes to every system that may have it' })
  @ApiAcceptedResponse({ type: DisputeView, description: 'Durably accepted.' })
  @ApiForbiddenResponse({ description: 'Neither of the department nor a steward.' })
  @ApiConflictResponse({ description: 'Answered or withdrawn already.' })
  async answer(@SignedIn() account: Account, @Param('id') id: string, @Body() body: DisputeAnswerRequest): Promise<DisputeView> {
    const answered = await this.disputes.answer(id, body, account);
    await this.log.note(account, 'dispute.answer', id, { outcome: body.outcome });
    return this.viewOf(answered, account);
  }

  @Post(':id/withdraw')
  @HttpCode(204)
  @ApiOperation({ summary: 'Take a dispute back' })
  @ApiNoContentResponse()
  @ApiConflictResponse({ description: 'Answered or withdrawn already.' })
  async withdraw(@SignedIn() account: Account, @Param('id') id: string): Promise<void> {
    await this.disputes.withdraw(id, account);
    await this.log.note(account, 'dispute.withdraw', id);
  }

  private viewOf(dispute: StoredDispute, account: Account): DisputeView {
    return disputeView(dispute, this.disputes.isOverdue(dispute), dispute.accountId === account.id, mayAnswer(dispute, account), this.names);
  }
}
