import { Controller, Param, Put, Req } from '@nestjs/common';
import {
  ApiBadRequestResponse, ApiBody, ApiConsumes, ApiNotFoundResponse, ApiOkResponse, ApiOperation, ApiPayloadTooLargeResponse, ApiProperty, ApiTags, ApiUnprocessableEntityResponse,
} from '@nestjs/swagger';
import type { Request } from 'express';
import { AccessLog } from '#libs/access/access-log';
import { Roles } from '#libs/access/access-policy';
import type { Account } from '#libs/access/account';
import { SignedIn } from '#libs/access/signed-in';
import type { RowCounts } from '#libs/store/snapshot-file-store';
import { UploadIntake } from './upload-intake.js';

class UploadView implements RowCounts {
  @ApiProperty({ description: 'Rows of people, read to the end of the file.' }) read!: number;
  @ApiProperty() accepted!: number;
  @ApiProperty({ description: 'Older versions of a person in the same file.' }) superseded!: number;
  @ApiProperty({ description: 'Totals and other rows that are no records.' }) void!: number;
  @ApiProperty({ description: 'Kept as dead letters, each with a reason.' }) dead!: number;
}

/** Where an office uploads its workbook. */
@ApiTags('files')
@Controller('intake')
@Roles('admin', 'steward', 'worker', 'statistician', 'auditor')
export class UploadController {
  constructor(private readonly uploads: UploadIntake, private readonly log: AccessLog) {}

  @Put(':system/files/:name')
  @ApiOperation({ summary: "Takes an office's workbook; answers when every row of it is durable" })
  @ApiConsumes('application/octet-stream')
  @ApiBody({ description: 'The .xlsx as it is.', schema: { type: 'string', format: 'binary' } })
  @ApiOkResponse({ type: UploadView })
  @ApiBadRequestResponse({ description: 'The name is not an agreed one, or the upload broke off.' })
  @ApiNotFoundResponse({ description: 'No such upload, or outside your scope.' })
  @ApiPayloadTooLargeResponse({ description: 'Larger than agreed.' })
  @ApiUnprocessableEntityResponse({ description: 'Refused as a whole, with the reason; nothing of it was taken.' })
  async upload(@SignedIn() account: Account, @Param('system') system: string, @Param('name') name: string, @Req() request: Request): Promise<UploadView> {
    const declared = request.headers['content-length'];
    const counts = await this.uploads.receive(account, system, name, request, declared === undefined ? undefined : Number(declared));
    await this.log.note(account, 'file.upload', system, { rows: counts.read });
    return counts;
  }
}
