import { Controller, Get, Param } from '@nestjs/common';
import { ApiNotFoundResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { AccessLog } from '#libs/access/access-log';
import { Roles } from '#libs/access/access-policy';
import { inCommunity, type Account } from '#libs/access/account';
import { ReceiptLineView } from '#libs/access/receipt-line-view';
import { notFound } from '#libs/access/request-refused';
import { SignedIn } from '#libs/access/signed-in';
import { DeliveryStore } from '../delivery-store.js';
import { Receipts } from '../receipts.js';

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
