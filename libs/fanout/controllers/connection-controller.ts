import { Body, Controller, HttpCode, Param, Post } from '@nestjs/common';
import { ApiNotFoundResponse, ApiOkResponse, ApiOperation, ApiProperty, ApiPropertyOptional, ApiTags } from '@nestjs/swagger';
import { IsBoolean, IsOptional } from 'class-validator';
import { AccessLog } from '#libs/access/access-log';
import { Roles } from '#libs/access/access-policy';
import type { Account } from '#libs/access/account';
import { notFound } from '#libs/access/request-refused';
import { said } from '#libs/access/request-validation';
import { SignedIn } from '#libs/access/signed-in';
import { Fanout } from '../fanout.js';
import { FirstConnections, type Rehearsal } from '../first-connections.js';
import type { Target } from '../target.js';

const COUNTS = { type: 'object', additionalProperties: { type: 'integer' } } as const;

class RehearsalView implements Rehearsal {
  @ApiProperty() target!: string;
  @ApiProperty({ description: 'Records of the target that differ.' }) differences!: number;
  @ApiProperty(COUNTS) actions!: Record<string, number>;
  @ApiProperty({ ...COUNTS, description: 'By canonical path, or kind of ticket.' }) byField!: Record<string, number>;
  @ApiProperty({ type: [String], description: 'A few persons to look at.' }) examples!: string[];
  @ApiPropertyOptional({ description: 'The system keeps restricted facts outside your scopes: nothing is counted for you.' }) withheld?: boolean;
}

class ApprovalRequest {
  @ApiPropertyOptional({ default: true, description: 'False: only later changes go out, the office settles what differs today.' })
  @IsOptional()
  @IsBoolean({ message: said('须为是或否。', 'True or false.') })
  deliver?: boolean;
}

class ApprovalView {
  @ApiProperty({ description: 'Deliveries that are due now.' }) due!: number;
  @ApiPropertyOptional({ description: 'The system keeps restricted facts outside your scopes: nothing is counted for you.' }) withheld?: boolean;
}

/** The first connection of a target: rehearse, look, approve. */
@ApiTags('connections')
@Controller('connections')
@Roles('admin')
export class ConnectionController {
  constructor(
    private readonly connections: FirstConnections,
    private readonly fanout: Fanout,
    private readonly log: AccessLog,
  ) {}

  @Post(':target/rehearse')
  @HttpCode(200)
  @ApiOperation({ summary: 'Count what a first connection would write; writes nothing there' })
  @ApiOkResponse({ type: RehearsalView })
  @ApiNotFoundResponse({ description: 'No such target.' })
  async rehearse(@SignedIn() account: Account, @Param('target') id: string): Promise<RehearsalView> {
    const target = this.target(id);
    const rehearsal = await this.connections.rehearse(target);
    if (closed(target, account)) {
      await this.log.note(account, 'connection.rehearse', id);
      return { target: id, differences: 0, actions: {}, byField: {}, examples: [], withheld: true };
    }
    await this.log.note(account, 'connection.rehearse', id, { differences: rehearsal.differences, ...countsOf(target) });
    return rehearsal;
  }

  @Post(':target/approve')
  @HttpCode(200)
  @ApiOperation({ summary: 'Put the connection in force' })
  @ApiOkResponse({ type: ApprovalView })
  @ApiNotFoundResponse({ description: 'No such target.' })
  async approve(@SignedIn() account: Account, @Param('target') id: string, @Body() body: ApprovalRequest): Promise<ApprovalView> {
    const target = this.target(id);
    const due = await this.connections.approve(target, account.id, { deliver: body.deliver ?? true });
    this.fanout.wake(id);
    const withheld = closed(target, account);
    await this.log.note(account, 'connection.approve', id, withheld ? {} : { due, ...countsOf(target) });
    return withheld ? { due: 0, withheld } : { due };
  }

  private target(id: string): Target {
    const target = this.fanout.targets.find((t) => t.id === id);
    if (target === undefined) throw notFound('target');
    return target;
  }
}

/** How many records of a restricted system differ tells of them: whoever connects it without its scope is not told. */
function closed(target: Target, account: Account): boolean {
  return target.scopes.some((s) => !(account.facetScopes as readonly string[]).includes(s));
}

/** The same holds for whoever reads in the audit log what was counted. */
function countsOf({ scopes }: Target): { scopes?: readonly string[] } {
  return scopes.length > 0 ? { scopes } : {};
}
