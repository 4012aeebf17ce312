import { Controller, Get, Inject, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiProperty, ApiServiceUnavailableResponse, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { OpenTo, Roles } from '#libs/access/access-policy';
import { Health, type HealthState } from '#libs/platform/health';
import { Metrics } from '#libs/platform/metrics';

class HealthView {
  @ApiProperty({ enum: ['up', 'degraded', 'down'] }) state!: HealthState;
  @ApiProperty({ description: 'State of each part.', type: 'object', additionalProperties: { type: 'string' } }) checks!: Record<string, HealthState>;
}

/** For load balancers and for Prometheus. */
@ApiTags('operation')
@Controller()
export class HealthController {
  constructor(
    @Inject('health') private readonly parts: Health,
    @Inject('metrics') private readonly metrics: Metrics,
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
  async metricsPage(@Res() response: Response): Promise<void> {
    const { contentType, text } = await this.metrics.page();
    response.setHeader('Content-Type', contentType);
    response.send(text);
  }
}
