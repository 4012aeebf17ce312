import { BadRequestException, NotFoundException } from '@nestjs/common';
import { describe, expect, it } from '@jest/globals';
import { YiciError } from '#libs/kernel/errors';
import { problemOf } from './problem-filter.js';
import { invalidRequest } from './request-validation.js';
import { mergedInto, notFound } from './request-refused.js';

describe('problem answers', () => {
  it('carry code, sentence and fix of what was refused', () => {
    expect(problemOf(notFound('person'))).toMatchObject({ status: 404, code: 'YICI_NOT_FOUND', fix: expect.any(String) });
    expect(problemOf(mergedInto('/persons/p-1'))).toMatchObject({ status: 307, code: 'YICI_MERGED' });
  });
  it('name every faulty field', () => {
    const faults = [{ field: 'name', zh: '请填写姓名。', en: 'Enter the name.' }];
    expect(problemOf(invalidRequest(faults))).toMatchObject({ status: 400, errors: faults });
  });
  it('tell what may be tried again from what may not', () => {
    const error = (retriable: boolean) => new YiciError({ code: 'YICI_X', stage: 'storing', message: 'The database is away.', retriable });
    expect(problemOf(error(true)).status).toBe(503);
    expect(problemOf(error(false)).status).toBe(500);
  });
  it('say nothing of the inside of an unexpected error', () => {
    const problem = problemOf(new Error('duplicate key value 990101196203150315'));
    expect(problem).toMatchObject({ status: 500, code: 'YICI_SERVING_FAILED' });
    expect(JSON.stringify(problem)).not.toContain('9901');
    expect(JSON.stringify(problemOf(new BadRequestException('Unexpected token 张')))).not.toContain('张');
    expect(problemOf(new NotFoundException('Cannot GET /persons/x')).message).not.toContain('persons');
  });
});
