import { describe, expect, it } from '@jest/globals';
import { assignEntityIds } from './entity-ids.js';

const cluster = (...members: [number, string?][]) => ({
  members: members.map(([recordId, entityId]) => ({ recordId, entityId })),
});
const ids = () => {
  let n = 0;
  return () => `new-${++n}`;
};

describe('entity ids', () => {
  it('are new for new records and stay for known ones', () => {
    const r = assignEntityIds([cluster([1]), cluster([2, 'p-b'], [3])], ids());
    expect(r.ids).toEqual(['new-1', 'p-b']);
    expect(r.created).toEqual([0]);
  });

  it('redirect to the id that brought most records when clusters merge', () => {
    const r = assignEntityIds([cluster([1, 'p-a'], [2, 'p-b'], [3, 'p-b'])], ids());
    expect(r.ids).toEqual(['p-b']);
    expect([...r.merged]).toEqual([['p-a', 'p-b']]);
  });

  it('prefer the older id when both brought as many', () => {
    expect(assignEntityIds([cluster([5, 'p-b'], [9, 'p-a'])], ids()).ids).toEqual(['p-a']);
  });

  it('stay with the largest part of a split, and with the oldest record when the parts are equal', () => {
    const larger = assignEntityIds([cluster([1, 'p-a']), cluster([2, 'p-a'], [3, 'p-a'])], ids());
    expect(larger.ids).toEqual(['new-1', 'p-a']);
    expect([...larger.split]).toEqual(['p-a']);
    expect(assignEntityIds([cluster([2, 'p-a']), cluster([1, 'p-a'])], ids()).ids).toEqual(['new-1', 'p-a']);
  });

  it('let a part that went elsewhere not drag its id along', () => {
    // a's larger half joins b's larger cluster: a redirects to b, a's smaller half gets a new id
    const r = assignEntityIds([cluster([1, 'p-a'], [2, 'p-a'], [3, 'p-b'], [4, 'p-b'], [5, 'p-b']), cluster([6, 'p-a'])], ids());
    expect(r.ids).toEqual(['p-b', 'new-1']);
    expect(r.merged.get('p-a')).toBe('p-b');
  });

  it('of restricted records alone end where a record that everybody sees joins them: the older id would tell of them', () => {
    const hidden = { recordId: 1, entityId: 'p-a', restricted: true };
    const entered = assignEntityIds([{ members: [hidden, { recordId: 2, entityId: undefined }] }], ids());
    expect(entered).toEqual({ ids: ['new-1'], created: [0], merged: new Map([['p-a', 'new-1']]), split: new Set() });
    const known = assignEntityIds([{ members: [hidden, { recordId: 2, entityId: 'p-b' }] }], ids());
    expect([known.ids, [...known.merged]]).toEqual([['p-b'], [['p-a', 'p-b']]]);
    const among = assignEntityIds([{ members: [hidden, { recordId: 3, entityId: 'p-c', restricted: true }] }], ids());
    expect([among.ids, [...among.merged]]).toEqual([['p-a'], [['p-c', 'p-a']]]);
  });
});
