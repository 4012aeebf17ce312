import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProperty, ApiPropertyOptional, ApiTags } from '@nestjs/swagger';
import { IsIn, IsOptional, IsString, MaxLength } from 'class-validator';
import { Roles } from '#libs/access/access-policy';
import type { Account } from '#libs/access/account';
import { PageMark, pageOf, PageRequest, readPageMark, type Page } from '#libs/access/page-request';
import { said } from '#libs/access/request-validation';
import { SignedIn } from '#libs/access/signed-in';
import type { DeliveryState } from '#libs/model/receipt';
import type { Delivery } from '../delivery.js';
import { DeliveryStore } from '../delivery-store.js';
import { Fanout } from '../fanout.js';
import { reasonWords, STATE_WORDS } from '../receipt-words.js';

const STATES = Object.keys(STATE_WORDS) as DeliveryState[];
const WORD = said('筛选条件有误。', 'Not a filter.');

class DeliveryPageRequest extends PageRequest {
  @ApiPropertyOptional({ description: 'Only to this target.', example: 'grid' })
  @IsOptional()
  @IsString({ message: WORD })
  @MaxLength(60, { message: WORD })
  target?: string;

  @ApiPropertyOptional({ enum: STATES })
  @IsOptional()
  @IsIn(STATES, { message: WORD })
  state?: DeliveryState;
}

class DeliveryView {
  @ApiProperty() id!: string;
  @ApiProperty() target!: string;
  @ApiProperty() entityId!: string;
  @ApiProperty({ description: 'Id of the entry, or an opaque ref of the record that caused it.' }) cause!: string;
  @ApiProperty({ enum: ['update', 'create', 'ticket'] }) action!: string;
  @ApiProperty({ enum: STATES }) state!: DeliveryState;
  @ApiPropertyOptional() reasonCode?: string;
  @ApiPropertyOptional({ description: 'The reason in Chinese.' }) zh?: string;
  @ApiPropertyOptional({ description: 'The reason in English.' }) en?: string;
  @ApiProperty() attempts!: number;
  @ApiPropertyOptional({ format: 'date-time' }) nextAttemptAt?: string;
  @ApiProperty({ format: 'date-time' }) createdAt!: string;
  @ApiProperty({ format: 'date-time' }) changedAt!: string;
}

class DeliveryPage extends PageMark {
  @ApiProperty({ type: [DeliveryView] }) items!: DeliveryView[];
}

/** What goes to the targets and how far it got. */
@ApiTags('deliveries')
@Controller('deliveries')
@Roles('admin', 'steward', 'auditor')
export class DeliveryController {
  constructor(private readonly deliveries: DeliveryStore, private readonly fanout: Fanout) {}

  @Get()
  @ApiOperation({ summary: 'Deliveries, oldest first; without what was written' })
  @ApiOkResponse({ type: DeliveryPage })
  async list(@SignedIn() account: Account, @Query() page: DeliveryPageRequest): Promise<Page<DeliveryView>> {
    const rows = await this.deliveries.list({
      target: page.target, state: page.state, after: readPageMark(page.after, 1)?.[0], limit: page.limit + 1, communities: account.communities,
      // Whether a system that keeps restricted facts was written to would tell whom it keeps.
      without: this.fanout.targets.filter((t) => t.scopes.some((s) => !(account.facetScopes as readonly string[]).includes(s))).map((t) => t.id),
    });
    return pageOf(rows, page.limit, (d) => [d.id], viewOf);
  }
}

function viewOf(d: Delivery): DeliveryView {
  return {
    id: d.id, target: d.target, entityId: d.entityId, cause: d.cause, action: d.action, state: d.state, reasonCode: d.reasonCode, ...reasonWords(d.reasonCode, d.reason),
    attempts: d.attempts, nextAttemptAt: d.nextAttemptAt?.toISOString(), createdAt: d.createdAt.toISOString(), changedAt: d.changedAt.toISOString(),
  };
}
