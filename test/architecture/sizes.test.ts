import { describe, expect, it } from '@jest/globals';
import { sources } from './sources.js';

const MOST_LINES = 500;
const EXPLAIN_FROM = 300;

const files = sources(['libs', 'apps', 'connectors', 'test'], ['.ts', '.tsx']);

describe('source files', () => {
  it(`hold at most ${MOST_LINES} lines`, () => {
    const long = files.map((s) => ({ path: s.path, lines: s.text.split('\n').length })).filter((f) => f.lines > MOST_LINES);
    expect(long).toEqual([]);
  });

  it(`explain at their top why they hold more than ${EXPLAIN_FROM}`, () => {
    const silent = files.filter((s) => s.text.split('\n').length > EXPLAIN_FROM && !/^\/(\*\*?|\/)[\s\S]{20,}/.test(s.text));
    expect(silent.map((s) => s.path)).toEqual([]);
  });

  it('have names that say what is inside', () => {
    const vague = files.filter((s) => /(^|\/)(utils?|helpers?|common|misc|index)(\/|\.tsx?$)/.test(s.path));
    expect(vague.map((s) => s.path)).toEqual([]);
  });

  it('have kebab-case names', () => {
    const odd = files.filter((s) => !/^[a-z0-9.-]+$/.test(s.path.split('/').at(-1)!));
    expect(odd.map((s) => s.path)).toEqual([]);
  });
});
