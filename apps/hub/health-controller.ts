import { Controller, Get, Inject, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiProperty, ApiServiceUnavailableResponse, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { OpenTo, Roles } from '#libs/access/access-policy';
import type { Account } from '#libs/access/account';
import type { SecretSystems } from '#libs/access/secret-systems';
import { SignedIn } from '#libs/access/signed-in';
import { Health, type HealthState } from '#libs/platform/health';
import { Metrics } from '#libs/platform/metrics';

class HealthView {
  @ApiProperty({ enum: ['up', 'degraded', 'down'] }) state!: HealthState;
  @ApiProperty({ description: 'State of each part.', type: 'object', additionalProperties: { type: 'string' } }) checks!: Record<string, HealthState>;
}

/** Systems that keep restricted facets, with the scope that opens each. */
export type GuardedSystems = () => Promise<SecretSystems>;

/** For load balancers and for Prometheus. */
@ApiTags('operation')
@Controller()
export class HealthController {
  constructor(
    @Inject('health') private readonly parts: Health,
    @Inject('metrics') private readonly metrics: Metrics,
    @Inject('guarded') private readonly guarded: GuardedSystems,
  ) {}

  @OpenTo('health')
  @Get('health')
  @ApiOperation({ summary: 'Whether the hub does its work, by progress and not by connection' })
  @ApiOkResponse({ type: HealthView })
  @ApiServiceUnavailableResponse({ type: HealthView })
  async health(@Res() response: Response): Promise<void> {
    const { state, checks } = await this.parts.report();
    // Reasons are for those who may read the log: this page is open to everyone.
    const view: HealthView = { state, checks: Object.fromEntries(Object.entries(checks).map(([name, c]) => [name, c.state])) };
    response.status(state === 'down' ? 503 : 200).json(view);
  }

  @Roles('admin', 'auditor')
  @Get('metrics')
  @ApiOperation({ summary: 'Metrics in the Prometheus text format' })
  @ApiProduces('text/plain')
  async metricsPage(@SignedIn() account: Account, @Res() response: Response): Promise<void> {
    const { contentType, text } = await this.metrics.page();
    // How many rows a restricted system sent, or how many of its records drift, is a count like those of /counts and withheld like them, whatever the label is called.
    const withheld = [...(await this.guarded())].filter(([, scope]) => !account.facetScopes.includes(scope)).map(([system]) => system);
    response.setHeader('Content-Type', contentType);
    response.send(text.split('\n').filter((line) => !withheld.some((system) => line.includes(`="${system}"`))).join('\n'));
  }
}
