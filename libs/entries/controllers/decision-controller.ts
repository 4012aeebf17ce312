import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiAcceptedResponse, ApiConflictResponse, ApiNotFoundResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { AccessLog } from '#libs/access/access-log';
import { Roles } from '#libs/access/access-policy';
import type { Account } from '#libs/access/account';
import { pageOf, PageRequest, readPageMark, type Page } from '#libs/access/page-request';
import { SignedIn } from '#libs/access/signed-in';
import { DecisionMaker } from '../decision-maker.js';
import { DecisionAccepted, DecisionLineView, DecisionPage, DecisionRequest, type DecisionView, UndoLineView } from './review-views.js';

/** Decisions of stewards: constraints that every later run obeys, until one is revoked. */
@ApiTags('reviews')
@Controller('decisions')
@Roles('steward')
export class DecisionController {
  constructor(
    private readonly decisions: DecisionMaker,
    private readonly log: AccessLog,
  ) {}

  @Get()
  @ApiOperation({ summary: 'Decisions between records you may see, newest first' })
  @ApiOkResponse({ type: DecisionPage })
  async list(@SignedIn() account: Account, @Query() page: PageRequest): Promise<Page<DecisionView>> {
    const found = await this.decisions.list(account, readPageMark(page.after, 2), page.limit + 1);
    const shown = pageOf(found, page.limit, (d) => [d.decidedAt, d.id], (d) => d);
    await this.log.noteEach(account, 'decision.read', shown.items.map((d) => d.id));
    return shown;
  }

  @Post('preview')
  @HttpCode(200)
  @ApiOperation({ summary: 'What a decision would do at each target: the columns it writes, what cannot be undone there, and whom to ask. Decides nothing' })
  @ApiOkResponse({ type: [UndoLineView] })
  @ApiNotFoundResponse({ description: 'A record or the decision does not exist, or is outside your scope.' })
  async preview(@SignedIn() account: Account, @Body() body: DecisionRequest): Promise<UndoLineView[]> {
    const lines = await this.decisions.preview(body, account);
    await this.log.note(account, 'decision.preview', body.decisionId, { decision: body.kind });
    return lines;
  }

  @Get(':id/receipt')
  @ApiOperation({ summary: 'What a decision did at each target, and how far each write got' })
  @ApiOkResponse({ type: [DecisionLineView] })
  @ApiNotFoundResponse({ description: 'No such decision, not taken in yet, or outside your scope.' })
  async receipt(@SignedIn() account: Account, @Param('id') id: string): Promise<DecisionLineView[]> {
    const lines = await this.decisions.receipt(id, account);
    await this.log.note(account, 'decision.read', id);
    return lines;
  }

  @Post()
  @HttpCode(202)
  @ApiOperation({ summary: 'Link two records, forbid it, or revoke a decision' })
  @ApiAcceptedResponse({ type: DecisionAccepted, description: 'Durably accepted; resolution obeys it from now on.' })
  @ApiNotFoundResponse({ description: 'A record or the decision does not exist, or is outside your scope.' })
  @ApiConflictResponse({ description: 'The decision is revoked already.' })
  async make(@SignedIn() account: Account, @Body() body: DecisionRequest): Promise<DecisionAccepted> {
    if (body.kind === 'revoke') {
      const decisionId = await this.decisions.revoke(body.decisionId, account, body.reason);
      await this.log.note(account, 'decision.revoke', body.decisionId, { decisionId });
      return { decisionId };
    }
    const decisionId = await this.decisions.decideOn(body.kind, body.records ?? [], account, body.reason);
    await this.log.note(account, 'decision.make', decisionId, { decision: body.kind });
    return { decisionId };
  }
}
