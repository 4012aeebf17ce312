import { Body, Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiAcceptedResponse, ApiNotFoundResponse, ApiOkResponse, ApiOperation, ApiProperty, ApiPropertyOptional, ApiTags } from '@nestjs/swagger';
import { IsBoolean, IsOptional } from 'class-validator';
import { AccessLog } from '#libs/access/access-log';
import { Roles } from '#libs/access/access-policy';
import type { Account } from '#libs/access/account';
import { notFound } from '#libs/access/request-refused';
import { said } from '#libs/access/request-validation';
import { SignedIn } from '#libs/access/signed-in';
import { DRIFT_KINDS, type DriftKind, type ReconciliationRun } from '../drift-store.js';
import { Fanout } from '../fanout.js';
import { FanoutStore } from '../fanout-store.js';

/** A page shows so many; the rest is in the counts. */
const MOST_SHOWN = 100;

class ReconcileRequest {
  @ApiPropertyOptional({ default: false, description: 'True: what can be mended is; otherwise it is only looked at.' })
  @IsOptional()
  @IsBoolean({ message: said('须为是或否。', 'True or false.') })
  repair?: boolean;
}

class RunView {
  @ApiProperty() id!: string;
  @ApiProperty() target!: string;
  @ApiProperty({ enum: ['running', 'done', 'failed'] }) state!: string;
  @ApiProperty() repair!: boolean;
  @ApiPropertyOptional() code?: string;
  @ApiPropertyOptional({ description: 'Why it failed, in words.' }) reason?: string;
  @ApiProperty({ description: 'Records that the target gave.' }) recordsRead!: number;
  @ApiProperty({ description: 'Current records that the hub held of it.' }) recordsHeld!: number;
  @ApiProperty({ description: 'Records for which a repair is on its way.' }) repaired!: number;
  @ApiProperty({ format: 'date-time' }) startedAt!: string;
  @ApiPropertyOptional({ format: 'date-time' }) endedAt?: string;
}

class DriftView {
  @ApiProperty({ enum: DRIFT_KINDS }) kind!: DriftKind;
  @ApiProperty({ enum: ['person', 'household', 'dwelling'] }) recordType!: string;
  @ApiPropertyOptional({ description: 'The entity it is of, where the hub wrote to it.' }) entityId?: string;
  @ApiProperty({ format: 'date-time', description: 'Since when it is known.' }) since!: string;
  @ApiPropertyOptional({ format: 'date-time' }) repairedAt?: string;
}

class ReconciliationView {
  @ApiPropertyOptional({ type: RunView }) run?: RunView;
  @ApiProperty({ type: 'object', additionalProperties: { type: 'integer' }, description: 'Records that differ, by kind.' }) counts!: Record<string, number>;
  @ApiProperty({ type: [DriftView], description: `The oldest ${MOST_SHOWN}; no keys.` }) drift!: DriftView[];
}

/** Compares a target with the hub. What differs is told by kind and age, never by a person's key. */
@ApiTags('connections')
@Controller('connections')
@Roles('admin')
export class ReconciliationController {
  constructor(private readonly fanout: Fanout, private readonly store: FanoutStore, private readonly log: AccessLog) {}

  @Post(':target/reconcile')
  @HttpCode(202)
  @ApiOperation({ summary: 'Begin to compare what a target holds with what the hub holds of it' })
  @ApiAcceptedResponse({ type: RunView })
  @ApiNotFoundResponse({ description: 'No such target, or outside your scope.' })
  async reconcile(@SignedIn() account: Account, @Param('target') id: string, @Body() body: ReconcileRequest): Promise<RunView> {
    this.known(account, id);
    const repair = body.repair === true;
    const { run, done } = await this.fanout.reconciler.begin(id, { actor: account.id, repair });
    void done.then(() => this.fanout.wake(id));
    await this.log.note(account, 'connection.reconcile', id, { repair });
    return viewOf(run);
  }

  @Get(':target/reconcile')
  @ApiOperation({ summary: 'The last comparison of a target, and what differs with its age' })
  @ApiOkResponse({ type: ReconciliationView })
  @ApiNotFoundResponse({ description: 'No such target, or outside your scope.' })
  async result(@SignedIn() account: Account, @Param('target') id: string): Promise<ReconciliationView> {
    this.known(account, id);
    // The run first: one that has ended is never shown with what the run before it had found.
    const run = await this.store.drift.lastRun(id);
    const [counts, drift] = await Promise.all([this.store.drift.counts(id), this.store.drift.list(id, MOST_SHOWN)]);
    return {
      ...(run !== undefined && { run: viewOf(run) }),
      counts: Object.fromEntries(DRIFT_KINDS.map((kind) => [kind, counts.find((c) => c.kind === kind)?.records ?? 0])),
      drift: drift.map((d) => ({
        kind: d.kind, recordType: d.recordType, ...(d.entityId !== undefined && { entityId: d.entityId }), since: d.firstSeenAt.toISOString(),
        ...(d.repairedAt !== undefined && { repairedAt: d.repairedAt.toISOString() }),
      })),
    };
  }

  /** How many records a system of restricted facts holds is for its own scope alone. */
  private known(account: Account, id: string): void {
    const target = this.fanout.targets.find((t) => t.id === id);
    if (target?.scopes.every((s) => (account.facetScopes as readonly string[]).includes(s)) !== true) throw notFound('target');
  }
}

function viewOf(run: ReconciliationRun): RunView {
  return { ...run, startedAt: run.startedAt.toISOString(), ...(run.endedAt === undefined ? { endedAt: undefined } : { endedAt: run.endedAt.toISOString() }) };
}
