import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import type { DeliveryState, ReceiptLine } from '#libs/model/receipt';

const STATES: Record<DeliveryState, true> = { notShared: true, noRecord: true, waiting: true, written: true, pickedUp: true, confirmed: true, rejected: true };

/** A line of a receipt as every room's answers show it. */
export class ReceiptLineView implements ReceiptLine {
  @ApiProperty({ example: 'grid' }) target!: string;
  @ApiProperty({ description: 'Name of the system.' }) name!: string;
  @ApiProperty() nameEn!: string;
  @ApiProperty({ enum: Object.keys(STATES) }) state!: DeliveryState;
  @ApiProperty({ description: 'The state in Chinese.' }) stateZh!: string;
  @ApiProperty({ description: 'The state in English.' }) stateEn!: string;
  @ApiPropertyOptional({ description: 'Stable code of the reason.' }) reasonCode?: string;
  @ApiPropertyOptional({ description: 'The reason in Chinese; absent when the state says it all.' }) zh?: string;
  @ApiPropertyOptional({ description: 'The reason in English.' }) en?: string;
  @ApiProperty({ description: 'How many records of the target it concerns.' }) records!: number;
  @ApiPropertyOptional({ format: 'date-time' }) changedAt?: string;
}
