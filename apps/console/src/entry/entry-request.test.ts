import { describe, expect, it } from '@jest/globals';
import { entryRequest, fieldsOf, newEntryId } from './entry-request.js';

const personId = 'p-0192f0c1-7b1d-7c3a-9d3e-1a2b3c4d5e6f';

describe('what the form sends', () => {
  it('is what belongs to its kind and was filled in', () => {
    const values = { occurredOn: '2026-03-31', direction: 'moved' as const, address: ' 幸福小区3幢 ', phone: '13900000001', citizenId: '' };
    expect(entryRequest('move', { personId }, values)).toEqual({ kind: 'move', personId, occurredOn: '2026-03-31', direction: 'moved', address: '幸福小区3幢' });
    expect(entryRequest('move', { personId }, { ...values, direction: 'left' })).toEqual({ kind: 'move', personId, occurredOn: '2026-03-31', direction: 'left' });
    expect(entryRequest('death', { personId }, values)).toEqual({ kind: 'death', personId, occurredOn: '2026-03-31' });
    expect(entryRequest('phone', 'named', { ...values, person: { name: ' 李秀英 ', citizenId: '' } })).toEqual({ kind: 'phone', person: { name: '李秀英' }, occurredOn: '2026-03-31', phone: '13900000001' });
  });

  it('names nobody besides a newcomer, and no empty mother', () => {
    expect(entryRequest('newPerson', { personId }, { name: '李小宝', birthDate: '2026-03-01', mother: { name: '', citizenId: ' ' } })).toEqual({ kind: 'newPerson', name: '李小宝', birthDate: '2026-03-01' });
  });

  it('asks for a spouse with a marriage only', () => {
    expect(fieldsOf('householdChange', { change: 'married' })).toContain('spouse');
    expect(fieldsOf('householdChange', { change: 'widowed' })).toEqual(['change']);
    expect(fieldsOf('householdChange', { change: 'joined' })).toContain('householdId');
  });

  it('has an id that sorts by time and never repeats', () => {
    const id = (now: number, byte: number): string => newEntryId(now, new Uint8Array(16).fill(byte));
    const shape = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
    for (const byte of [0, 1, 127, 255]) expect(id(1_775_000_000_000, byte)).toMatch(shape);
    expect(id(1_775_000_000_000, 255) < id(1_775_000_000_001, 0)).toBe(true);
    expect(parseInt(id(1_775_000_000_000, 9).replaceAll('-', '').slice(0, 12), 16)).toBe(1_775_000_000_000);
  });
});
