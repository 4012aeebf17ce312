import { Controller, HttpCode, Param, Post, Req } from '@nestjs/common';
import {
  ApiBadRequestResponse, ApiBody, ApiHeader, ApiNotFoundResponse, ApiOkResponse, ApiOperation, ApiPayloadTooLargeResponse, ApiProperty, ApiPropertyOptional,
  ApiServiceUnavailableResponse, ApiTags, ApiUnauthorizedResponse,
} from '@nestjs/swagger';
import type { Request } from 'express';
import { OpenTo } from '#libs/access/access-policy';
import type { RowOutcome } from '#libs/connector-sdk/table-mapper';
import { PushIntake } from './push-intake.js';

class PushedItemView {
  @ApiProperty({ description: 'Place in the body, from 1.' }) position!: number;
  @ApiProperty({ enum: ['accepted', 'void', 'dead'], description: '`dead`: kept as a dead letter, to be mended and replayed by the hub; sending it again changes nothing.' })
  outcome!: RowOutcome['kind'];
  @ApiPropertyOptional({ description: 'Why it is dead; stable.' }) code?: string;
  @ApiPropertyOptional({ description: 'In a sentence.' }) reason?: string;
}

class PushView {
  @ApiProperty() accepted!: number;
  @ApiProperty() void!: number;
  @ApiProperty() dead!: number;
  @ApiProperty({ type: [PushedItemView] }) items!: PushedItemView[];
}

/** Where systems push their changes. Open without an account: every request carries the signature of its system. */
@ApiTags('machine intake')
@Controller('intake')
export class PushController {
  constructor(private readonly intake: PushIntake) {}

  @OpenTo('machine')
  @Post(':system/:path')
  @HttpCode(200)
  @ApiOperation({ summary: 'Takes a signed batch of a system; answers when it is durable' })
  @ApiHeader({ name: 'X-Timestamp', description: 'Seconds or milliseconds since 1970.' })
  @ApiHeader({ name: 'X-Nonce' })
  @ApiHeader({ name: 'X-Signature', description: 'Hex HMAC-SM3 (or SHA-256) of `timestamp.nonce.body`.' })
  @ApiBody({ description: 'As agreed in the connector folder: an array of rows, or one CloudEvents 1.0 object.', schema: {} })
  @ApiOkResponse({ type: PushView })
  @ApiBadRequestResponse({ description: 'The body is not what was agreed; nothing of it was taken.' })
  @ApiUnauthorizedResponse({ description: 'Not signed as agreed.' })
  @ApiNotFoundResponse({ description: 'No system pushes here.' })
  @ApiPayloadTooLargeResponse({ description: 'Too many items or too many bytes.' })
  @ApiServiceUnavailableResponse({ description: 'Nothing was taken; send the same again later.' })
  async push(@Param('system') system: string, @Param('path') path: string, @Req() request: Request): Promise<PushView> {
    const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, typeof value === 'string' ? value : undefined]));
    // The hub's HTTP side hands over bytes below /intake: the signature is over them, and no parser has touched them.
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    const outcomes = await this.intake.receive(system, path, { headers, body });
    const count = (kind: RowOutcome['kind']): number => outcomes.filter((o) => o.kind === kind).length;
    return { accepted: count('accepted'), void: count('void'), dead: count('dead'), items: outcomes.map(itemView) };
  }
}

function itemView(outcome: RowOutcome): PushedItemView {
  const { position, kind } = outcome;
  return kind === 'dead' ? { position, outcome: kind, code: outcome.code, reason: outcome.reason } : { position, outcome: kind };
}
