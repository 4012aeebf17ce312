import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiAcceptedResponse, ApiConflictResponse, ApiNotFoundResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { AccessLog } from '#libs/access/access-log';
import { Roles } from '#libs/access/access-policy';
import type { Account } from '#libs/access/account';
import { pageOf, readPageMark, type Page } from '#libs/access/page-request';
import { notFound, RequestRefused } from '#libs/access/request-refused';
import { SignedIn } from '#libs/access/signed-in';
import type { SourceRecord } from '#libs/model/source-record';
import { DecisionMaker } from '../decision-maker.js';
import { PairExplainer } from '../pair-explainer.js';
import { ReviewReader } from '../review-reader.js';
import { DecisionAccepted, ReviewDecisionRequest, ReviewPage, ReviewPageRequest, reviewView, ReviewView } from './review-views.js';

/** Potential matches and contested IDs that wait for a person. */
@ApiTags('reviews')
@Controller('reviews')
@Roles('steward')
export class ReviewController {
  constructor(
    private readonly reviews: ReviewReader,
    private readonly explainer: PairExplainer,
    private readonly decisions: DecisionMaker,
    private readonly log: AccessLog,
  ) {}

  @Get()
  @ApiOperation({ summary: 'Reviews with their records side by side, oldest first' })
  @ApiOkResponse({ type: ReviewPage })
  async list(@SignedIn() account: Account, @Query() page: ReviewPageRequest): Promise<Page<ReviewView>> {
    const found = await this.reviews.list(page, account, readPageMark(page.after, 2), page.limit + 1);
    const shown = pageOf(found, page.limit, (r) => [r.openedAt, r.id], (r) => reviewView(r));
    await this.log.noteEach(account, 'review.list', shown.items.map((r) => r.id));
    return shown;
  }

  @Get(':id')
  @ApiOperation({ summary: 'One review with its evidence, records side by side' })
  @ApiOkResponse({ type: ReviewView })
  @ApiNotFoundResponse({ description: 'No such review, or outside your scope.' })
  async review(@SignedIn() account: Account, @Param('id') id: string): Promise<ReviewView> {
    const review = await this.reviews.find(id, account);
    if (!review) throw notFound('review');
    await this.log.note(account, 'review.read', id);
    const [a, b] = review.records.map((r) => r.record);
    const persons = a?.recordType === 'person' && b?.recordType === 'person';
    return reviewView(review, persons ? await this.explainer.explain(a as SourceRecord<'person'>, b as SourceRecord<'person'>) : undefined);
  }

  @Post(':id/decision')
  @HttpCode(202)
  @ApiOperation({ summary: 'Decide a review: link, noLink, or ask at the door' })
  @ApiAcceptedResponse({ type: DecisionAccepted, description: 'Durably accepted; resolution obeys it from now on.' })
  @ApiConflictResponse({ description: 'Decided already.' })
  async decide(@SignedIn() account: Account, @Param('id') id: string, @Body() body: ReviewDecisionRequest): Promise<DecisionAccepted> {
    const review = await this.reviews.find(id, account);
    if (!review) throw notFound('review');
    if (review.state !== 'open' && review.state !== 'askAtTheDoor') throw decided();
    if (body.decision === 'askAtTheDoor') {
      if (!(await this.reviews.askAtTheDoor(id))) throw decided();
      await this.log.note(account, 'review.decide', id, { decision: body.decision });
      return {};
    }
    const decisionId = await this.decisions.decide(body.decision, review.records.map((r) => r.key), account, body.reason);
    await this.log.note(account, 'review.decide', id, { decision: body.decision, decisionId });
    return { decisionId };
  }
}

function decided(): RequestRefused {
  return new RequestRefused(409, {
    code: 'YICI_REVIEW_DECIDED', message: '该疑点已处理。This review is decided already.', fix: 'Revoke the decision first if it was wrong.',
  });
}
