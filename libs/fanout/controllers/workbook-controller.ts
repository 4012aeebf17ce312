import { Controller, Get, Param, Query, Req, Res, StreamableFile } from '@nestjs/common';
import { ApiNoContentResponse, ApiNotFoundResponse, ApiOkResponse, ApiOperation, ApiPropertyOptional, ApiTags } from '@nestjs/swagger';
import { IsOptional, Matches } from 'class-validator';
import type { Request, Response } from 'express';
import { AccessLog } from '#libs/access/access-log';
import { Roles } from '#libs/access/access-policy';
import type { Account } from '#libs/access/account';
import { notFound, RequestRefused } from '#libs/access/request-refused';
import { said } from '#libs/access/request-validation';
import { SignedIn } from '#libs/access/signed-in';
import type { Target } from '../target.js';
import { Workbooks } from '../workbooks.js';

const XLSX = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet';
const DOWNLOAD_HEADER = 'X-Yici-Download';

class WorkbookRequest {
  @ApiPropertyOptional({ description: `Id of an earlier download (its ${DOWNLOAD_HEADER}), or \`last\`: the same corrections once more.` })
  @IsOptional()
  @Matches(/^(last|[0-9a-f-]{36})$/, { message: said('不是下载编号。', 'Not the id of a download.') })
  again?: string;
}

/** Where an office downloads what changed for it. */
@ApiTags('files')
@Controller('deliveries')
@Roles('admin', 'steward', 'worker', 'statistician', 'auditor')
export class WorkbookController {
  constructor(private readonly workbooks: Workbooks, private readonly log: AccessLog) {}

  @Get(':system/workbook')
  @ApiOperation({ summary: "What waits for this office, as a workbook; downloading picks it up" })
  @ApiOkResponse({ description: 'The .xlsx.', content: { [XLSX]: { schema: { type: 'string', format: 'binary' } } } })
  @ApiNoContentResponse({ description: 'Nothing waits.' })
  @ApiNotFoundResponse({ description: 'No such download, or outside your scope.' })
  async download(
    @SignedIn() account: Account, @Param('system') system: string, @Query() { again }: WorkbookRequest, @Req() request: Request, @Res({ passthrough: true }) response: Response,
  ): Promise<StreamableFile | undefined> {
    const target = this.workbooks.targetOf(system);
    // The answer is the same whether there is no such download or the account may not know of it.
    if (target === undefined || !mayUse(account, target)) throw notFound('download');
    if (request.method !== 'GET') throw new RequestRefused(405, { code: 'YICI_METHOD_NOT_ALLOWED', message: 'A download picks up what it holds.', fix: 'Use GET.', headers: { Allow: 'GET' } });
    const workbook = await this.workbooks.download(system, again);
    // Who is corrected in the workbook of a party office is in its rolls.
    await this.log.noteEach(account, 'workbook.download', workbook?.entityIds ?? [], {
      target: system, ...(workbook && { download: workbook.id }), ...(target.scopes.length > 0 && { scopes: target.scopes }),
    });
    if (workbook === undefined) {
      if (again !== undefined) throw notFound('download');
      response.status(204);
      return undefined;
    }
    response.setHeader(DOWNLOAD_HEADER, workbook.id);
    const name = encodeURIComponent(`${target.name}_更正_${workbook.id.slice(0, 13)}.xlsx`);
    return new StreamableFile(workbook.bytes, { type: XLSX, length: workbook.bytes.length, disposition: `attachment; filename="corrections.xlsx"; filename*=UTF-8''${name}` });
  }
}

/** Corrections are of the whole city; those of a restricted system need its scope. */
function mayUse(account: Account, target: Target): boolean {
  if (account.communities.length > 0) return false;
  if (target.scopes.length === 0) return account.role === 'admin' || account.role === 'steward';
  return target.scopes.every((scope) => (account.facetScopes as readonly string[]).includes(scope));
}
