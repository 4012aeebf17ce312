import { Controller, Get, Param } from '@nestjs/common';
import { ApiNotFoundResponse, ApiOkResponse, ApiOperation, ApiProperty, ApiPropertyOptional, ApiTags } from '@nestjs/swagger';
import { AccessLog } from '#libs/access/access-log';
import { Roles } from '#libs/access/access-policy';
import { inCommunity, type Account } from '#libs/access/account';
import { notFound } from '#libs/access/request-refused';
import { SignedIn } from '#libs/access/signed-in';
import { DeliveryStore } from '../delivery-store.js';
import type { DeliveryState } from '../delivery.js';
import { STATE_WORDS } from '../receipt-words.js';
import { Receipts, type ReceiptLine } from '../receipts.js';

class ReceiptLineView implements ReceiptLine {
  @ApiProperty({ example: 'grid' }) target!: string;
  @ApiProperty() name!: string;
  @ApiProperty() nameEn!: string;
  @ApiProperty({ enum: Object.keys(STATE_WORDS) }) state!: DeliveryState;
  @ApiProperty({ description: 'The state in Chinese.' }) stateZh!: string;
  @ApiProperty({ description: 'The state in English.' }) stateEn!: string;
  @ApiPropertyOptional() reasonCode?: string;
  @ApiPropertyOptional({ description: 'The reason in Chinese.' }) zh?: string;
  @ApiPropertyOptional({ description: 'The reason in English.' }) en?: string;
  @ApiProperty({ description: 'How many records of the target it concerns.' }) records!: number;
  @ApiPropertyOptional({ format: 'date-time' }) changedAt?: string;
}

/** How far an entry got: one line for every target. */
@ApiTags('receipts')
@Controller('receipts')
@Roles('worker', 'steward')
export class ReceiptController {
  constructor(
    private readonly receipts: Receipts,
    private readonly deliveries: DeliveryStore,
    private readonly log: AccessLog,
  ) {}

  @Get(':entryId')
  @ApiOperation({ summary: 'The receipt of an entry: one line for each target system' })
  @ApiOkResponse({ type: [ReceiptLineView] })
  @ApiNotFoundResponse({ description: 'No such entry, or outside your scope.' })
  async receipt(@SignedIn() account: Account, @Param('entryId') entryId: string): Promise<ReceiptLineView[]> {
    const entry = await this.deliveries.entryOf(entryId);
    if (entry === undefined || !(entry.accountId === account.id || inCommunity(account, entry.community === undefined ? [] : [entry.community]))) throw notFound('entry');
    await this.log.note(account, 'receipt.read', entryId);
    return this.receipts.receiptFor(entryId, account.facetScopes);
  }
}
