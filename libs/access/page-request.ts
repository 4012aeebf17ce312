import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsInt, IsOptional, IsString, Max, MaxLength, Min } from 'class-validator';
import { RequestRefused } from './request-refused.js';
import { said } from './request-validation.js';

const MOST = 200;

/** Keyset pagination: `after` is the `next` of the page before; nothing is skipped or doubled when rows come in between. */
export class PageRequest {
  @ApiPropertyOptional({ description: 'The `next` of the page before.' })
  @IsOptional()
  @IsString({ message: said('翻页标记有误。', 'Not a page mark.') })
  @MaxLength(300, { message: said('翻页标记有误。', 'Not a page mark.') })
  after?: string;

  @ApiPropertyOptional({ description: 'Rows a page.', minimum: 1, maximum: MOST, default: 50 })
  @IsOptional()
  @Type(() => Number)
  @IsInt({ message: said('每页行数为整数。', 'A whole number.') })
  @Min(1, { message: said('每页至少 1 行。', 'At least 1.') })
  @Max(MOST, { message: said(`每页至多 ${MOST} 行。`, `At most ${MOST}.`) })
  limit: number = 50;
}

export class PageMark {
  @ApiProperty({ type: String, nullable: true, description: 'Send as `after` for the next page; null on the last.' })
  next!: string | null;
}

export interface Page<T> extends PageMark {
  items: T[];
}

/** Cuts a page out of `limit + 1` rows; `mark` is the sort key of a row. */
export function pageOf<R, T>(rows: readonly R[], limit: number, mark: (row: R) => readonly string[], view: (row: R) => T): Page<T> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return { items: shown.map(view), next: rows.length > limit && last !== undefined ? pageMark(mark(last)) : null };
}

export function pageMark(parts: readonly string[]): string {
  return Buffer.from(JSON.stringify(parts)).toString('base64url');
}

/** The sort key in a page mark, `width` texts; undefined without a mark. Throws RequestRefused 400 YICI_PAGE_MARK_INVALID. */
export function readPageMark(mark: string | undefined, width: number): string[] | undefined {
  if (mark === undefined) return undefined;
  try {
    const parts: unknown = JSON.parse(Buffer.from(mark, 'base64url').toString('utf8'));
    if (Array.isArray(parts) && parts.length === width && parts.every((p) => typeof p === 'string')) return parts as string[];
  } catch {
    // Not JSON: refused below like any other text that is no mark.
  }
  throw new RequestRefused(400, { code: 'YICI_PAGE_MARK_INVALID', message: '翻页标记有误。This is not a page mark.', fix: 'Use the `next` of the page before, or leave `after` out.' });
}
