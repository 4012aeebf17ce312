import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { PageMark } from '#libs/access/page-request';
import { ReceiptLineView } from '#libs/access/receipt-line-view';
import { ENTRY_KINDS, type EntryKind } from '../entry-requests.js';

const ENTRY_STATES = ['accepted', 'resolved', 'failed'] as const;
type EntryState = (typeof ENTRY_STATES)[number];

export class EntryAccepted {
  @ApiProperty({ description: 'UUIDv7; natural key of the entry as a source record of the system `hub`.' }) entryId!: string;
  @ApiProperty({ enum: ENTRY_STATES }) state!: EntryState;
  @ApiProperty({ example: '/entries/0192f0c1-7b1d-7c3a-9d3e-1a2b3c4d5e6f' }) url!: string;
  @ApiProperty({ example: '/receipts/0192f0c1-7b1d-7c3a-9d3e-1a2b3c4d5e6f' }) receiptUrl!: string;
}

export class EntrySummary {
  @ApiProperty() id!: string;
  @ApiProperty({ enum: ENTRY_KINDS }) kind!: EntryKind;
  @ApiProperty({ enum: ENTRY_STATES }) state!: EntryState;
  @ApiPropertyOptional({ description: 'The person it is about, once resolved.' }) entityId?: string;
  @ApiProperty({ format: 'date-time' }) submittedAt!: string;
  @ApiPropertyOptional({ format: 'date-time' }) resolvedAt?: string;
  @ApiPropertyOptional({ description: 'Of a failed entry: stable code.' }) failureCode?: string;
  @ApiPropertyOptional({ description: 'Of a failed entry: why, in both languages; no personal value.' }) failureReason?: string;
}

export class EntryView extends EntrySummary {
  @ApiPropertyOptional({ description: 'Since when it is true.', format: 'date-time' }) sourceTime?: string;
  @ApiProperty({ description: 'What was entered, in canonical form.', type: Object }) body!: object;
  @ApiProperty({ type: [ReceiptLineView] }) receipt!: ReceiptLineView[];
}

export class EntryPage extends PageMark {
  @ApiProperty({ type: [EntrySummary] }) items!: EntrySummary[];
}
