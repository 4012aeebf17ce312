import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Divisions } from '#libs/values/divisions';
import { faultsBetweenFields } from './entry-pipe.js';
import { entryRecord, type EntryContext } from './entry-record.js';
import type { AnyEntryRequest } from './entry-requests.js';
import { dayInChina } from './submit-entry.js';

const divisions = Divisions.parse(`code,name,level,parent,valid_from,valid_to,successor
9901,望江市,city,,1983-07-01,,
990101,白石区,district,9901,2000-01-01,,
`);
const context: EntryContext = { entryId: '0192f0c1-7b1d-7c3a-9d3e-1a2b3c4d5e6f', receivedAt: '2026-04-01T01:00:00.000Z', divisions, division: '990101001001' };
const move = (more: object): AnyEntryRequest => ({ kind: 'move', direction: 'moved', occurredOn: '2026-03-31', address: '幸福小区3幢301室', ...more }) as AnyEntryRequest;

describe('the record an entry is', () => {
  it('is dated by the worker, at midnight in China', () => {
    expect(entryRecord(move({}), context)).toMatchObject({ sourceTime: '2026-03-31T00:00:00+08:00', observedAt: '2026-04-01T01:00:00.000Z' });
  });
  it('lies in the worker’s community unless the person went away', () => {
    expect(entryRecord(move({}), context).body.currentAddress?.division).toBe('990101001001');
    expect(entryRecord(move({ direction: 'left', address: '外地' }), context).body.currentAddress?.division).toBeUndefined();
  });
  it('keeps what the worker typed where the canonical value differs', () => {
    const record = entryRecord(move({ person: { name: '张 伟强', citizenId: '990101620315031' } }), context);
    expect(record.body.name?.value).toBe('张伟强');
    expect(record.raw).toEqual({ name: '张 伟强', citizenId: '990101620315031', currentAddress: '幸福小区3幢301室' });
  });
  it('is the same for the same request', () => {
    const days = fc.integer({ min: 0, max: 20000 }).map((n) => new Date(n * 86_400_000).toISOString().slice(0, 10));
    fc.assert(fc.property(days, fc.string({ minLength: 2, maxLength: 40 }), (occurredOn, address) => {
      const entry = move({ occurredOn, address });
      expect(entryRecord(entry, context)).toEqual(entryRecord(entry, context));
    }));
  });
});

describe('what fields say together', () => {
  it('needs one answer to who is meant', () => {
    expect(faultsBetweenFields(move({})).map((f) => f.field)).toEqual(['personId']);
    expect(faultsBetweenFields(move({ personId: 'p-1' }))).toEqual([]);
  });
});

describe('today', () => {
  it('begins at midnight in China', () => {
    expect(dayInChina(Date.parse('2026-03-31T15:59:59Z'))).toBe('2026-03-31');
    expect(dayInChina(Date.parse('2026-03-31T16:00:00Z'))).toBe('2026-04-01');
  });
});
