import { describe, expect, it } from '@jest/globals';
import 'reflect-metadata';
import { pageMark, pageOf, PageRequest, readPageMark } from './page-request.js';
import { NewAccountRequest } from './login-requests.js';
import { requestValidation } from './request-validation.js';

const pipe = requestValidation();
const asAccount = (body: unknown) => pipe.transform(body, { type: 'body', metatype: NewAccountRequest });

describe('request validation', () => {
  it('names every faulty field at once, in both languages, and never a value', async () => {
    const refusal = await asAccount({ username: 'BAD NAME', displayName: '', role: 'root', roel: 'x' }).catch((e: unknown) => e);
    expect(refusal).toMatchObject({ status: 400, code: 'YICI_REQUEST_INVALID' });
    const { faults } = refusal as { faults: { field: string; zh: string; en: string }[] };
    expect(faults.map((f) => f.field).sort()).toEqual(['displayName', 'roel', 'role', 'username']);
    for (const fault of faults) expect(fault.zh).toMatch(/\p{Script=Han}/u);
    expect(JSON.stringify(faults)).not.toContain('BAD NAME');
  });
  it('lets a right body through', async () => {
    await expect(asAccount({ username: 'li.na', displayName: '李娜', role: 'worker', communities: ['990101001'], facetScopes: ['party'] })).resolves.toBeInstanceOf(NewAccountRequest);
  });
  it('turns page parameters into numbers within bounds', async () => {
    const asPage = (query: unknown) => pipe.transform(query, { type: 'query', metatype: PageRequest });
    await expect(asPage({ limit: '20' })).resolves.toMatchObject({ limit: 20 });
    await expect(asPage({})).resolves.toMatchObject({ limit: 50 });
    for (const limit of ['0', '201', 'x', '1.5']) await expect(asPage({ limit })).rejects.toMatchObject({ status: 400 });
  });
});

describe('keyset pages', () => {
  it('give a mark while rows are left', () => {
    const page = pageOf(['a', 'b', 'c'], 2, (r) => [r], (r) => r);
    expect(page.items).toEqual(['a', 'b']);
    expect(readPageMark(page.next!, 1)).toEqual(['b']);
    expect(pageOf(['a', 'b'], 2, (r) => [r], (r) => r).next).toBeNull();
  });
  it('refuse what is no mark', () => {
    for (const bad of ['', 'x', pageMark(['a', 'b']), Buffer.from('[1]').toString('base64url')]) {
      expect(() => readPageMark(bad, 1)).toThrow('page mark');
    }
  });
});
