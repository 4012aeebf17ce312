import { describe, expect, it } from '@jest/globals';
import { importedRooms, sources } from './sources.js';

const PURE = ['libs/kernel', 'libs/values', 'libs/model'];
const CORE = [...PURE, 'libs/mapping', 'libs/matching', 'libs/survivorship'];
const IO = ['libs/platform', 'libs/bus', 'libs/store', 'libs/access'];
const FLOW = [...CORE, ...IO];

/** What each room may import besides itself (docs/architecture.md draws it). Imports point left only; siblings never meet. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  'libs/kernel': [],
  'libs/values': ['libs/kernel', 'libs/model', 'schemas/codes'],
  'libs/model': ['libs/kernel', 'libs/values'],
  'libs/mapping': [...PURE],
  'libs/matching': [...PURE],
  'libs/survivorship': [...PURE],
  'libs/platform': ['libs/kernel'],
  'libs/bus': ['libs/kernel', 'libs/platform', 'libs/model'],
  'libs/store': ['libs/kernel', 'libs/platform', 'libs/model'],
  'libs/access': ['libs/kernel', 'libs/platform', 'libs/store', 'libs/model'],
  // Its conformance checks know what the same fact is in another spelling.
  'libs/connector-sdk': [...PURE, 'libs/mapping', 'libs/survivorship', 'libs/platform'],
  'libs/intake': [...FLOW, 'libs/connector-sdk'],
  'libs/fanout': [...FLOW, 'libs/connector-sdk'],
  'libs/resolution': FLOW,
  'libs/entries': FLOW,
  'libs/bulk': [...FLOW, 'libs/connector-sdk', 'libs/intake', 'libs/resolution'],
  'libs/synthetic': ['libs/kernel', 'schemas/codes'],
  connectors: ['libs/connector-sdk'],
};

/** Pure rooms do no I/O, read no clock and use no randomness. `node:crypto` hashing and `node:module` (data files) are neither. */
const IMPURE = /\bfrom 'node:(?!crypto'|module'|buffer')|\bMath\.random\(|\bDate\.now\(|\bnew Date\(\)|\bprocess\.(?!hrtime)/;
const PURE_ROOMS = [...CORE];
/** Ids are made from randomness by their nature, and the clock port wraps the clock. */
const PURE_EXCEPTIONS = new Set(['libs/kernel/clock.ts', 'libs/kernel/ids.ts']);

const files = sources(['libs', 'apps', 'connectors'], ['.ts', '.tsx']).filter((s) => !s.path.endsWith('.test.ts'));

describe('arrows between rooms', () => {
  it('point only where the architecture says', () => {
    const wrong: string[] = [];
    for (const source of files) {
      const allowed = MAY_IMPORT[source.room];
      if (!allowed) continue; // apps wire everything
      for (const room of importedRooms(source)) {
        if (room !== source.room && !allowed.includes(room)) wrong.push(`${source.path} imports ${room}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it('cover every room', () => {
    const unknown = files.map((s) => s.room).filter((r) => !r.startsWith('apps/') && !(r in MAY_IMPORT));
    expect([...new Set(unknown)]).toEqual([]);
  });

  it('lead from the value types to no value reader: model imports values for types only', () => {
    const wrong = files.filter((s) => s.room === 'libs/model' && /^import (?!type)[^;]*#libs\/values/m.test(s.text));
    expect(wrong.map((s) => s.path)).toEqual([]);
  });

  it('keep the pure rooms pure', () => {
    const wrong = files
      .filter((s) => PURE_ROOMS.includes(s.room) && !PURE_EXCEPTIONS.has(s.path) && IMPURE.test(s.text))
      .map((s) => s.path);
    expect(wrong).toEqual([]);
  });
});
