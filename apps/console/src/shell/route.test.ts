import { describe, expect, it } from '@jest/globals';
import { codeOf, hashOf, mayEnter, readRoute, type Route } from './route.js';

const ID = '0192f0c1-7b1d-7c3a-9d3e-1a2b3c4d5e6f';

describe('routes', () => {
  it('are the same when written and read', () => {
    const routes: Route[] = [{ page: 'board' }, { page: 'persons' }, { page: 'person', id: `p-${ID}` }, { page: 'entry' }, { page: 'entry', person: `p-${ID}` }, { page: 'receipt', id: ID }];
    for (const route of routes) expect(readRoute(hashOf(route))).toEqual(route);
  });

  it('lead to the board when they are none', () => {
    for (const hash of ['', '#', '#/persons/x', '#/persons/p-1', '#/nowhere', `#/persons/p-${ID}/more`, '#code=short']) expect(readRoute(hash)).toEqual({ page: 'board' });
  });

  it('hold a one-time code of the right shape only', () => {
    expect(codeOf(`#code=${'a'.repeat(43)}`)).toBe('a'.repeat(43));
    for (const hash of ['#code=', `#code=${'a'.repeat(42)}`, `#code=${'a'.repeat(44)}`, `#/code=${'a'.repeat(43)}`]) expect(codeOf(hash)).toBeUndefined();
  });

  it('open residents to those who work with them only', () => {
    const open = (role: 'admin' | 'worker' | 'statistician') => (['board', 'persons', 'person', 'entry', 'receipt'] as const)
      .filter((page) => mayEnter({ page, id: ID } as Route, role));
    expect(open('admin')).toEqual(['board']);
    expect(open('statistician')).toEqual(['board', 'person']);
    expect(open('worker')).toEqual(['board', 'persons', 'person', 'entry', 'receipt']);
  });
});
