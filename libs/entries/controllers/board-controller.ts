import { Controller, Get, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiProperty, ApiPropertyOptional, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { Roles } from '#libs/access/access-policy';
import type { Account } from '#libs/access/account';
import { SignedIn } from '#libs/access/signed-in';
import { BoardFeed } from '../board-feed.js';
import { SystemBoardReader, type BoardSystem, type DeliveryBalance, type SystemBoard } from '../system-board.js';
import { EventStream } from './event-stream.js';

class RowsView {
  @ApiProperty({ description: 'read = accepted + superseded + void + dead' }) read!: number;
  @ApiProperty() accepted!: number;
  @ApiProperty() superseded!: number;
  @ApiProperty() void!: number;
  @ApiProperty() dead!: number;
  @ApiProperty() balanced!: boolean;
}

class RecordsView {
  @ApiProperty({ description: 'Source records in the store.' }) stored!: number;
  @ApiProperty({ description: 'Of them in the crosswalk.' }) resolved!: number;
  @ApiProperty() balanced!: boolean;
}

const COUNTS_BY = { type: 'object', additionalProperties: { type: 'integer' } } as const;

class DeliveriesView implements DeliveryBalance {
  @ApiProperty({ description: 'changes = delivered + notShared + pending + failed' }) changes!: number;
  @ApiProperty({ description: 'written, picked up, confirmed' }) delivered!: number;
  @ApiProperty({ description: 'not shared, no record there' }) notShared!: number;
  @ApiProperty({ description: 'waiting, and resolved entries without a line yet' }) pending!: number;
  @ApiProperty({ description: 'rejected' }) failed!: number;
  @ApiProperty() balanced!: boolean;
  @ApiProperty(COUNTS_BY) byState!: Record<string, number>;
  @ApiProperty({ description: 'Waiting because the target does not answer.' }) retrying!: number;
  @ApiPropertyOptional({ format: 'date-time' }) nextTryAt?: string;
}

class WordsView {
  @ApiProperty() zh!: string;
  @ApiProperty() en!: string;
}

class BoardSystemView implements BoardSystem {
  @ApiProperty({ example: 'grid' }) id!: string;
  @ApiProperty() name!: string;
  @ApiProperty() nameEn!: string;
  @ApiProperty({ description: 'Department.' }) owner!: string;
  @ApiProperty() category!: string;
  @ApiProperty({ description: 'You may not see what it holds or does; then nothing below is there.' }) withheld!: boolean;
  @ApiPropertyOptional({ enum: ['running', 'stopped', 'disabled', 'notReached', 'waiting'] }) state?: BoardSystem['state'];
  @ApiPropertyOptional({ format: 'date-time' }) since?: string;
  @ApiPropertyOptional({ type: WordsView, description: 'Why it is not running.' }) reason?: WordsView;
  @ApiPropertyOptional({ type: RowsView }) rows?: RowsView;
  @ApiPropertyOptional({ type: RecordsView }) records?: RecordsView;
  @ApiPropertyOptional({ description: 'Dead letters not replayed.' }) deadLetters?: number;
  @ApiPropertyOptional({ type: DeliveriesView }) deliveries?: DeliveriesView;
  @ApiPropertyOptional({ format: 'date-time' }) lastMovement?: string;
}

class BoardTotalsView {
  @ApiProperty({ type: RowsView }) rows!: RowsView;
  @ApiProperty({ type: RecordsView }) records!: RecordsView;
  @ApiProperty({ type: DeliveriesView }) deliveries!: DeliveriesView;
  @ApiProperty() deadLetters!: number;
}

class BoardView implements SystemBoard {
  @ApiPropertyOptional({ description: 'Name of the city in the store.' }) city?: string;
  @ApiProperty({ type: [BoardSystemView] }) systems!: BoardSystemView[];
  @ApiProperty({ type: BoardTotalsView, description: 'Over the systems that are not withheld.' }) totals!: BoardTotalsView;
  @ApiProperty({ ...COUNTS_BY, description: 'Golden records by kind, as far as you may know of them.' }) entities!: Record<string, number>;
  @ApiProperty({ description: 'Open reviews.' }) reviews!: number;
  @ApiProperty({ ...COUNTS_BY, description: 'Entries by state.' }) entries!: Record<string, number>;
}

/** The twelve systems and the counts that must balance, as they stand and as they change. */
@ApiTags('board')
@Controller('board')
@Roles('admin', 'steward', 'worker', 'statistician', 'auditor')
export class BoardController {
  constructor(
    private readonly boards: SystemBoardReader,
    private readonly feed: BoardFeed,
  ) {}

  @Get()
  @ApiOperation({ summary: 'State of every system, rows, records and deliveries, each with its balance' })
  @ApiOkResponse({ type: BoardView })
  board(@SignedIn() account: Account): Promise<BoardView> {
    return this.boards.read(account);
  }

  @Get('events')
  @ApiOperation({ summary: 'The same as server-sent events `board`: at once, then when something changed, once a second at most' })
  @ApiProduces('text/event-stream')
  @ApiOkResponse({ description: 'Ends after two minutes; the browser connects again by itself.' })
  events(@SignedIn() account: Account, @Res() response: Response): void {
    const stream = new EventStream(response);
    stream.onEnd(this.feed.watch(account, (board) => stream.send('board', board)));
  }
}
