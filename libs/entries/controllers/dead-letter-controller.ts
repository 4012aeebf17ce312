import { Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiAcceptedResponse, ApiNotFoundResponse, ApiOkResponse, ApiOperation, ApiProperty, ApiPropertyOptional, ApiTags } from '@nestjs/swagger';
import { IsOptional, IsString, MaxLength } from 'class-validator';
import { AccessLog } from '#libs/access/access-log';
import { Roles } from '#libs/access/access-policy';
import type { Account } from '#libs/access/account';
import { PageMark, pageOf, PageRequest, readPageMark, type Page } from '#libs/access/page-request';
import { notFound } from '#libs/access/request-refused';
import { said } from '#libs/access/request-validation';
import { SignedIn } from '#libs/access/signed-in';
import { CommandSender } from '../command-sender.js';
import { DeadLetterReader } from '../dead-letter-reader.js';

const WORD = said('筛选条件有误。', 'Not a filter.');

class DeadLetterPageRequest extends PageRequest {
  @ApiPropertyOptional({ description: 'Only of this system.', example: 'hukou' })
  @IsOptional()
  @IsString({ message: WORD })
  @MaxLength(60, { message: WORD })
  system?: string;

  @ApiPropertyOptional({ description: 'Only with this code.', example: 'YICI_ROW_WRONG_COLUMN_COUNT' })
  @IsOptional()
  @IsString({ message: WORD })
  @MaxLength(100, { message: WORD })
  code?: string;
}

class DeadLetterView {
  @ApiProperty() id!: string;
  @ApiProperty() system!: string;
  @ApiProperty() recordType!: string;
  @ApiProperty({ description: 'Stable code of the fault.' }) code!: string;
  @ApiProperty({ description: 'Where in the flow it arose.' }) stage!: string;
  @ApiProperty({ description: 'In a sentence; no personal values.' }) reason!: string;
  @ApiProperty({ description: 'Digest of the file, or name of the stream.' }) originSource!: string;
  @ApiProperty({ description: 'Row in the file, or offset in the stream.' }) originPosition!: number;
  @ApiProperty({ format: 'date-time' }) createdAt!: string;
  @ApiPropertyOptional({ format: 'date-time' }) replayedAt?: string;
}

class OpenedDeadLetterView extends DeadLetterView {
  @ApiPropertyOptional({ description: 'Where it could be read.' }) naturalKey?: string;
  @ApiProperty({ description: 'The original bytes, base64; columns that must never enter the hub are masked.', format: 'byte' }) bytes!: string;
}

class DeadLetterPage extends PageMark {
  @ApiProperty({ type: [DeadLetterView] }) items!: DeadLetterView[];
}

/** What could not be read or written, with its original bytes and a replay. */
@ApiTags('dead letters')
@Controller('dead-letters')
@Roles('admin', 'steward')
export class DeadLetterController {
  constructor(
    private readonly deadLetters: DeadLetterReader,
    private readonly commands: CommandSender,
    private readonly log: AccessLog,
  ) {}

  @Get()
  @ApiOperation({ summary: 'Dead letters, newest first; without their contents' })
  @ApiOkResponse({ type: DeadLetterPage })
  async list(@SignedIn() account: Account, @Query() page: DeadLetterPageRequest): Promise<Page<DeadLetterView>> {
    const rows = await this.deadLetters.list(page, account, readPageMark(page.after, 2), page.limit + 1);
    return pageOf(rows, page.limit, (d) => [d.createdAt, d.id], (d) => d);
  }

  @Get(':id')
  @Roles('steward')
  @ApiOperation({ summary: 'One dead letter with what was received' })
  @ApiOkResponse({ type: OpenedDeadLetterView })
  @ApiNotFoundResponse({ description: 'No such dead letter, or outside your scope.' })
  async deadLetter(@SignedIn() account: Account, @Param('id') id: string): Promise<OpenedDeadLetterView> {
    const found = await this.deadLetters.find(id, account);
    if (!found) throw notFound('dead letter');
    await this.log.note(account, 'deadLetter.read', id);
    return found;
  }

  @Post(':id/replay')
  @HttpCode(202)
  @ApiOperation({ summary: 'Read or write it once more, after its cause was mended' })
  @ApiAcceptedResponse({ description: 'Durably accepted.' })
  @ApiNotFoundResponse({ description: 'No such dead letter, or outside your scope.' })
  async replay(@SignedIn() account: Account, @Param('id') id: string): Promise<void> {
    if (!(await this.deadLetters.find(id, account))) throw notFound('dead letter');
    await this.commands.send({ kind: 'replay', deadLetterId: id, actor: account.id });
    await this.log.note(account, 'deadLetter.replay', id);
  }
}
