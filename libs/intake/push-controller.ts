import { Controller, HttpCode, Param, Post, Req, Res } from '@nestjs/common';
import {
  ApiBadRequestResponse, ApiBody, ApiForbiddenResponse, ApiHeader, ApiNotFoundResponse, ApiOkResponse, ApiOperation, ApiPayloadTooLargeResponse, ApiProperty,
  ApiPropertyOptional, ApiServiceUnavailableResponse, ApiTags, ApiTooManyRequestsResponse, ApiUnauthorizedResponse, ApiUnprocessableEntityResponse,
  ApiUnsupportedMediaTypeResponse,
} from '@nestjs/swagger';
import type { Request, Response } from 'express';
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
  @ApiOperation({ summary: 'Takes a batch of a system, signed or with its token; answers, item by item, when it is durable' })
  @ApiHeader({ name: 'X-Timestamp', description: 'Seconds or milliseconds since 1970.' })
  @ApiHeader({ name: 'X-Nonce' })
  @ApiHeader({ name: 'X-Signature', description: 'Hex HMAC-SM3 (or SHA-256) of `timestamp.nonce.body`.' })
  @ApiHeader({ name: 'Authorization', required: false, description: '`Bearer` and the token, where the connector folder asks for one.' })
  @ApiHeader({ name: 'Idempotency-Key', required: false, description: 'A key of this very body: when it is sent again, so is its answer, with Idempotency-Replayed: true.' })
  @ApiBody({ description: 'As agreed in the connector folder: a JSON array of rows, or CloudEvents 1.0 (structured, batch or binary).', schema: {} })
  @ApiOkResponse({ type: PushView })
  @ApiBadRequestResponse({ description: 'The body is not what was agreed; nothing of it was taken.' })
  @ApiUnauthorizedResponse({ description: 'Not signed as agreed.' })
  @ApiForbiddenResponse({ description: 'The token is of another system.' })
  @ApiUnsupportedMediaTypeResponse({ description: 'Not the agreed kind of content, or compressed.' })
  @ApiUnprocessableEntityResponse({ description: 'This Idempotency-Key came with another body before.' })
  @ApiTooManyRequestsResponse({ description: 'More requests than agreed; Retry-After says when to come again.' })
  @ApiNotFoundResponse({ description: 'No system pushes here.' })
  @ApiPayloadTooLargeResponse({ description: 'Too many items or too many bytes.' })
  @ApiServiceUnavailableResponse({ description: 'Nothing was taken; send the same again later.' })
  async push(@Param('system') system: string, @Param('path') path: string, @Req() request: Request, @Res({ passthrough: true }) response: Response): Promise<PushView> {
    const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, typeof value === 'string' ? value : undefined]));
    // The hub's HTTP side hands over bytes below /intake: the signature is over them, and no parser has touched them.
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    const { outcomes, answeredBefore } = await this.intake.receive(system, path, { headers, body });
    if (answeredBefore) response.setHeader('Idempotency-Replayed', 'true');
    const count = (kind: RowOutcome['kind']): number => outcomes.filter((o) => o.kind === kind).length;
    return { accepted: count('accepted'), void: count('void'), dead: count('dead'), items: outcomes.map(itemView) };
  }
}

function itemView(outcome: RowOutcome): PushedItemView {
  const { position, kind } = outcome;
  return kind === 'dead' ? { position, outcome: kind, code: outcome.code, reason: outcome.reason } : { position, outcome: kind };
}
