import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProperty, ApiPropertyOptional, ApiTags } from '@nestjs/swagger';
import { Roles } from '#libs/access/access-policy';
import type { Account } from '#libs/access/account';
import { SignedIn } from '#libs/access/signed-in';
import { CountsReader, type ConnectorView, type HubCounts, type SystemCounts } from '../hub-counts.js';

class SystemCountsView implements SystemCounts {
  @ApiProperty() system!: string;
  @ApiProperty({ description: 'Rows of snapshot files: read = accepted + superseded + void + dead.' }) read!: number;
  @ApiProperty() accepted!: number;
  @ApiProperty() superseded!: number;
  @ApiProperty() void!: number;
  @ApiProperty() dead!: number;
  @ApiProperty({ description: 'Whether the rows add up.' }) rowsBalance!: boolean;
  @ApiProperty({ description: 'Source records in the store.' }) records!: number;
  @ApiProperty({ description: 'Source records in the crosswalk.' }) resolved!: number;
  @ApiProperty({ description: 'Whether every record is resolved.' }) resolvedBalance!: boolean;
  @ApiProperty({ description: 'Dead letters not replayed, of every stage.' }) deadLetters!: number;
}

class ConnectorStateView implements ConnectorView {
  @ApiProperty() system!: string;
  @ApiProperty({ enum: ['running', 'stopped', 'disabled'], description: '`stopped`: what it sends is not what was agreed; `disabled`: not configured or not reachable.' })
  state!: ConnectorView['state'];
  @ApiPropertyOptional() code?: string;
  @ApiPropertyOptional({ description: 'Why, in a sentence.' }) reason?: string;
}

const COUNTS_BY = { type: 'object', additionalProperties: { type: 'integer' } } as const;

class CountsView implements HubCounts {
  @ApiProperty({ type: [SystemCountsView] }) systems!: SystemCountsView[];
  @ApiProperty({ type: [ConnectorStateView] }) connectors!: ConnectorStateView[];
  @ApiProperty({ type: [String], description: 'Systems whose counts you may not see.' }) withheld!: string[];
  @ApiProperty({ ...COUNTS_BY, description: 'Golden records by kind.' }) entities!: Record<string, number>;
  @ApiProperty({ ...COUNTS_BY, description: 'Reviews by state.' }) reviews!: Record<string, number>;
  @ApiProperty({ ...COUNTS_BY, description: 'Entries by state.' }) entries!: Record<string, number>;
  @ApiProperty({ type: 'object', additionalProperties: COUNTS_BY, description: 'Deliveries by target and state.' }) deliveries!: Record<string, Record<string, number>>;
  @ApiProperty({ description: 'Changes that wait for the log.' }) outbox!: number;
}

/** The balance: nothing that was read is lost without a trace. */
@ApiTags('counts')
@Controller('counts')
@Roles('admin', 'steward', 'worker', 'statistician', 'auditor')
export class CountsController {
  constructor(private readonly counts: CountsReader) {}

  @Get()
  @ApiOperation({ summary: 'Rows read, accepted, superseded, void and dead per system; records resolved; deliveries by state' })
  @ApiOkResponse({ type: CountsView })
  read(@SignedIn() account: Account): Promise<CountsView> {
    return this.counts.read(account);
  }
}
