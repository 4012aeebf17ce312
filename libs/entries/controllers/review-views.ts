import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional, IsString, Length, MaxLength } from 'class-validator';
import { PageMark, PageRequest } from '#libs/access/page-request';
import { ReceiptLineView } from '#libs/access/receipt-line-view';
import { said } from '#libs/access/request-validation';
import type { PairExplanation } from '#libs/matching/explain-pair';
import type { RecordType } from '#libs/kernel/record-key';
import type { NotUndone, UndoLine } from '#libs/model/undo-line';
import type { ReviewState, VisibleReview } from '../review-reader.js';

const REVIEW_STATES = ['open', 'link', 'noLink', 'askAtTheDoor', 'obsolete'] as const;
const RECORD_TYPES = ['person', 'household', 'dwelling'] as const;
const CHOOSE = said('请从列表中选择。', 'Choose from the list.');
const REASON_LENGTH = said('理由至多 500 字。', 'A reason has at most 500 characters.');

export class ReviewPageRequest extends PageRequest {
  @ApiPropertyOptional({ enum: REVIEW_STATES, default: 'open' })
  @IsOptional()
  @IsIn(REVIEW_STATES, { message: CHOOSE })
  state: ReviewState = 'open';

  @ApiPropertyOptional({ description: 'Kind of doubt.' })
  @IsOptional()
  @IsString({ message: CHOOSE })
  @MaxLength(60, { message: CHOOSE })
  kind?: string;

  @ApiPropertyOptional({ enum: RECORD_TYPES })
  @IsOptional()
  @IsIn(RECORD_TYPES, { message: CHOOSE })
  recordType?: RecordType;
}

class ReviewedRecordView {
  @ApiProperty({ description: 'system:recordType:naturalKey' }) key!: string;
  @ApiPropertyOptional({ description: 'The golden record it belongs to now.' }) entityId?: string;
  @ApiProperty() system!: string;
  @ApiProperty({ type: Object, description: 'The canonical body, side by side with the other.' }) body!: object;
  @ApiPropertyOptional({ type: Object }) raw?: Record<string, string>;
}

export class ReviewView {
  @ApiProperty() id!: string;
  @ApiProperty({ description: 'Kind of doubt.' }) kind!: string;
  @ApiProperty({ enum: RECORD_TYPES }) recordType!: RecordType;
  @ApiPropertyOptional({ description: 'Probability that they are one.' }) probability?: number;
  @ApiProperty({ enum: REVIEW_STATES }) state!: ReviewState;
  @ApiProperty({ format: 'date-time' }) openedAt!: string;
  @ApiPropertyOptional({ format: 'date-time' }) decidedAt?: string;
  @ApiPropertyOptional({ description: 'Why they may be one, step by step in words with the weight of each; persons only, with one review.', type: Object })
  evidence?: PairExplanation;

  @ApiProperty({ type: [ReviewedRecordView] }) records!: ReviewedRecordView[];
}

export class ReviewPage extends PageMark {
  @ApiProperty({ type: [ReviewView] }) items!: ReviewView[];
}

export class ReviewDecisionRequest {
  @ApiProperty({ enum: ['link', 'noLink', 'askAtTheDoor'], description: '`link`: one and the same; `noLink`: never; `askAtTheDoor`: find out on a visit.' })
  @IsIn(['link', 'noLink', 'askAtTheDoor'], { message: CHOOSE })
  decision!: 'link' | 'noLink' | 'askAtTheDoor';

  @ApiPropertyOptional({ description: 'Why, for whoever reads it later; no personal values.' })
  @IsOptional()
  @IsString({ message: REASON_LENGTH })
  @Length(1, 500, { message: REASON_LENGTH })
  reason?: string;
}

export class DecisionRequest {
  @ApiProperty({ enum: ['link', 'noLink', 'revoke'] })
  @IsIn(['link', 'noLink', 'revoke'], { message: CHOOSE })
  kind!: 'link' | 'noLink' | 'revoke';

  @ApiPropertyOptional({ description: 'For `link` and `noLink`: two record keys.', type: [String], example: ['hukou:person:R1', 'grid:person:88213'] })
  @IsOptional()
  @IsString({ each: true, message: said('请填写记录键。', 'Record keys.') })
  @MaxLength(300, { each: true, message: said('请填写记录键。', 'Record keys.') })
  records?: string[];

  @ApiPropertyOptional({ description: 'For `revoke`: the decision to take back.' })
  @IsOptional()
  @IsString({ message: said('请填写决定编号。', 'The id of a decision.') })
  @Length(1, 100, { message: said('请填写决定编号。', 'The id of a decision.') })
  decisionId?: string;

  @ApiPropertyOptional({ description: 'Why, for whoever reads it later; no personal values.' })
  @IsOptional()
  @IsString({ message: REASON_LENGTH })
  @Length(1, 500, { message: REASON_LENGTH })
  reason?: string;
}

class NotUndoneView implements NotUndone {
  @ApiProperty({ enum: ['createdThere', 'ticketTold', 'nothingToPutBack', 'cannotBeSaid'] }) reasonCode!: NotUndone['reasonCode'];
  @ApiProperty({ description: 'In Chinese.' }) zh!: string;
  @ApiProperty({ description: 'In English.' }) en!: string;
  @ApiProperty({ type: [String], description: 'Columns it is about; none for a whole record.' }) columns!: string[];
}

export class UndoLineView implements UndoLine {
  @ApiProperty({ example: 'grid' }) target!: string;
  @ApiProperty() name!: string;
  @ApiProperty() nameEn!: string;
  @ApiProperty({ description: 'Records of the target that are concerned.' }) records!: number;
  @ApiProperty({ type: [String], description: 'Names of the columns that will be written; no values.' }) willWrite!: string[];
  @ApiProperty({ type: [NotUndoneView], description: 'What cannot be undone there.' }) cannotUndo!: NotUndone[];
  @ApiPropertyOptional({ description: 'The department to ask for what cannot be undone.' }) ask?: string;
  @ApiPropertyOptional({ description: 'Why nothing is said or written for now.' }) reasonCode?: string;
  @ApiPropertyOptional({ description: 'The reason in Chinese.' }) zh?: string;
  @ApiPropertyOptional({ description: 'The reason in English.' }) en?: string;
}

export class DecisionLineView extends UndoLineView {
  @ApiPropertyOptional({ type: ReceiptLineView, description: 'How far the write got.' }) delivery?: ReceiptLineView;
}

export class DecisionAccepted {
  @ApiPropertyOptional({ description: 'Id of the decision, to revoke it by; absent for `askAtTheDoor`, which decides nothing.' }) decisionId?: string;
}

export class DecisionView {
  @ApiProperty() id!: string;
  @ApiProperty({ enum: ['link', 'noLink', 'revoke'] }) kind!: string;
  @ApiProperty({ type: [String] }) records!: string[];
  @ApiPropertyOptional() revokes?: string;
  @ApiPropertyOptional() revokedBy?: string;
  @ApiProperty({ description: 'Account id.' }) actor!: string;
  @ApiPropertyOptional() reason?: string;
  @ApiProperty({ format: 'date-time' }) decidedAt!: string;
}

export class DecisionPage extends PageMark {
  @ApiProperty({ type: [DecisionView] }) items!: DecisionView[];
}

export function reviewView(review: VisibleReview, evidence?: PairExplanation): ReviewView {
  return {
    ...review,
    ...(evidence && { evidence }),
    records: review.records.map(({ key, entityId, record }) => ({
      key, system: record.system, body: record.body, ...(entityId !== undefined && { entityId }), ...(record.raw && { raw: record.raw }),
    })),
  };
}
