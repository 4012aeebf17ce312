import { describe, expect, it } from '@jest/globals';
import { entityId, entityType, uuidv7 } from './ids.js';
import { compareUtf8, partitionHash } from './hashing.js';
import { parseRecordKey } from '#libs/kernel/record-key';

describe('ids', () => {
  it('keeps UUIDv7 of one process in order, even within one millisecond', () => {
    const ids = Array.from({ length: 9000 }, () => uuidv7(1_700_000_000_000));
    expect([...ids].sort()).toEqual(ids);
    expect(new Set(ids).size).toBe(ids.length);
  });
  it('names the kind in the prefix', () => {
    expect(entityType(entityId('household', 1))).toBe('household');
  });
});

describe('record keys', () => {
  it('lets a natural key hold colons', () => {
    expect(parseRecordKey('housing:person:1#2:3')).toEqual({ system: 'housing', recordType: 'person', naturalKey: '1#2:3' });
  });
  it('refuses anything else', () => {
    for (const bad of ['', 'a', 'a:b:c', ':person:x', 'a:person:']) expect(() => parseRecordKey(bad)).toThrow('record key');
  });
});

describe('partition hash', () => {
  it('does not depend on order', () => {
    const row = (k: string) => ({ system: 's', recordType: 'person', naturalKey: k, smallestMember: 's:person:a' });
    expect(partitionHash([row('a'), row('b')])).toBe(partitionHash([row('b'), row('a')]));
  });
  it('compares strings as UTF-8 does, surrogate pairs too', () => {
    const words = ['a', 'ab', '张', '\uE863', '\u{20000}', '\uFFFD', 'Z', ''];
    const byBytes = [...words].sort((x, y) => Buffer.compare(Buffer.from(x), Buffer.from(y)));
    expect([...words].sort(compareUtf8)).toEqual(byBytes);
  });
});
