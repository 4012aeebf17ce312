import { Body, Controller, Get, Headers, HttpCode, Inject, Param, Post, Query, Res } from '@nestjs/common';
import type { Response } from 'express';
import { ApiAcceptedResponse, ApiBadRequestResponse, ApiBody, ApiHeader, ApiNotFoundResponse, ApiOkResponse, ApiOperation, ApiProduces, ApiTags, getSchemaPath } from '@nestjs/swagger';
import { AccessLog } from '#libs/access/access-log';
import { Roles } from '#libs/access/access-policy';
import type { Account } from '#libs/access/account';
import { pageOf, PageRequest, readPageMark, type Page } from '#libs/access/page-request';
import { notFound } from '#libs/access/request-refused';
import { SignedIn } from '#libs/access/signed-in';
import type { Logger } from '#libs/platform/logger';
import { EntryPipe } from '../entry-pipe.js';
import { DocumentsEntries, ENTRY_CLASSES, type AnyEntryRequest } from '../entry-requests.js';
import { EntryStore, type StoredEntry } from '../entry-store.js';
import { ReceiptLines } from '../receipt-lines.js';
import { SubmitEntry } from '../submit-entry.js';
import { EventStream } from './event-stream.js';
import { watchState } from './state-watch.js';
import { EntryAccepted, EntryPage, EntrySummary, EntryView } from './entry-views.js';

const ENTRY_SCHEMA = {
  oneOf: Object.values(ENTRY_CLASSES).map((c) => ({ $ref: getSchemaPath(c) })),
  discriminator: { propertyName: 'kind', mapping: Object.fromEntries(Object.entries(ENTRY_CLASSES).map(([kind, c]) => [kind, getSchemaPath(c)])) },
};

/** Under this name Nest hands in the logger of the room. */
export const ENTRIES_LOGGER = 'entries logger';

/** Entered once: a worker's entry and its receipt. */
@ApiTags('entries')
@Controller('entries')
@Roles('worker', 'steward')
@DocumentsEntries()
export class EntryController {
  constructor(
    private readonly submitting: SubmitEntry,
    private readonly entries: EntryStore,
    private readonly receipts: ReceiptLines,
    private readonly log: AccessLog,
    @Inject(ENTRIES_LOGGER) private readonly logger: Logger,
  ) {}

  @Post()
  @HttpCode(202)
  @ApiOperation({ summary: 'Enter a new person, a move, a death, a phone or a household change, once for all systems' })
  @ApiBody({ schema: ENTRY_SCHEMA })
  @ApiHeader({ name: 'Idempotency-Key', required: false, description: 'A UUIDv7 that becomes the entry id: a request repeated under it is one entry.' })
  @ApiAcceptedResponse({ type: EntryAccepted, description: 'Durably accepted.' })
  @ApiBadRequestResponse({ description: 'Fields need attention; `errors` names each in Chinese and English.' })
  async submit(@SignedIn() account: Account, @Body(EntryPipe) body: AnyEntryRequest, @Headers('idempotency-key') key?: string): Promise<EntryAccepted> {
    const entry = await this.submitting.submit(body, account, key);
    await this.log.note(account, 'entry.submit', entry.id, { kind: entry.kind });
    return { entryId: entry.id, state: entry.state, url: `/entries/${entry.id}`, receiptUrl: `/receipts/${entry.id}` };
  }

  @Get()
  @ApiOperation({ summary: 'Own entries, newest first; all of them for stewards' })
  @ApiOkResponse({ type: EntryPage })
  async list(@SignedIn() account: Account, @Query() page: PageRequest): Promise<Page<EntrySummary>> {
    const of = account.role === 'steward' && account.communities.length === 0 ? undefined : account.id;
    const rows = await this.entries.list(of, readPageMark(page.after, 2), page.limit + 1);
    return pageOf(rows, page.limit, (e) => [e.submittedAt, e.id], summaryOf);
  }

  @Get(':id')
  @ApiOperation({ summary: 'An entry, how far it got, and its receipt: one line for each target system' })
  @ApiOkResponse({ type: EntryView })
  @ApiNotFoundResponse({ description: 'No such entry, or not yours.' })
  async entry(@SignedIn() account: Account, @Param('id') id: string): Promise<EntryView> {
    const entry = await this.own(id, account);
    await this.log.note(account, 'entry.read', id);
    return this.viewOf(entry, account);
  }

  @Get(':id/events')
  @ApiOperation({ summary: 'The same as server-sent events `entry`: at once, then whenever a line of the receipt moves' })
  @ApiProduces('text/event-stream')
  @ApiOkResponse({ description: 'Ends after two minutes; the browser connects again by itself.' })
  @ApiNotFoundResponse({ description: 'No such entry, or not yours.' })
  async events(@SignedIn() account: Account, @Param('id') id: string, @Res() response: Response): Promise<void> {
    await this.own(id, account);
    await this.log.note(account, 'entry.read', id);
    await watchState(new EventStream(response), 'entry', async () => this.viewOf(await this.own(id, account), account), this.logger);
  }

  private async own(id: string, account: Account): Promise<StoredEntry> {
    const entry = await this.entries.find(id);
    const steward = account.role === 'steward' && account.communities.length === 0;
    if (!entry || (entry.accountId !== account.id && !steward)) throw notFound('entry');
    return entry;
  }

  private async viewOf(entry: StoredEntry, account: Account): Promise<EntryView> {
    const { body, sourceTime } = entry.command.record;
    return { ...summaryOf(entry), sourceTime, body, receipt: await this.receipts.of(entry.id, account) };
  }
}

function summaryOf({ id, kind, state, entityId, submittedAt, resolvedAt, failure }: StoredEntry): EntrySummary {
  return {
    id, kind, state, submittedAt, ...(entityId !== undefined && { entityId }), ...(resolvedAt !== undefined && { resolvedAt }),
    ...(failure && { failureCode: failure.code, failureReason: failure.reason }),
  };
}
