import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { Divisions } from '#libs/values/divisions';
import { loadConnector } from '../load-connector.js';
import { CloudEventRows } from './cloud-event-rows.js';
import type { CloudEventsSpec } from './rest-specs.js';

const platform = loadConnector(path.resolve(import.meta.dirname, '../../../connectors/smart-community'));
const rows = new CloudEventRows(platform, platform.manifest.live.find((l) => l.protocol === 'cloud-events') as CloudEventsSpec, Divisions.parse('code,name,level,parent,valid_from,valid_to,successor\n'));
const origin = { source: 'event:smart-community/users:x', observedAt: '2026-04-01T00:00:00.000Z', fileDate: '' };
const data = { userId: 'u1', mobile: '13900000001', updatedAt: '2026-03-31T10:00:00+08:00' };
const read = (more: object = {}, bytes = JSON.stringify({ specversion: '1.0', id: '1', source: '/s', type: 'cn.smart-community.user.updated', subject: 'u1', data, ...more })) => {
  const outcome = rows.outcome(Buffer.from(bytes), 1, origin);
  if (outcome.kind === 'dead') return outcome.code;
  return outcome.kind === 'accepted' ? outcome.records[0]! : outcome.kind;
};
const deleted = (more: object = {}) => read({ type: 'cn.smart-community.user.deleted', ...more });

describe('rows that come as events', () => {
  it('are records like any other', () => {
    expect(read()).toMatchObject({ system: 'smart-community', naturalKey: 'u1', state: 'current', order: '2026-03-31T10:00:00+08:00' });
    expect(read({ time: '2026-04-01T00:00:00Z', datacontenttype: 'application/vnd.user+json; charset=utf-8', traceparent: 'x' })).toMatchObject({ order: '2026-03-31T10:00:00+08:00' });
  });

  it('that tell a deletion are withdrawn, newer than all of their second, older than the next', () => {
    const { order, state } = deleted() as { order: string; state: string };
    expect([state, order > '2026-03-31T10:00:00+08:00', order < '2026-03-31T10:00:01+08:00']).toEqual(['withdrawn', true, true]);
    expect(deleted({ time: '2026-03-31T04:00:00Z' })).toMatchObject({ order: '2026-03-31T12:00:00+08:00|withdrawn' });
    expect(deleted({ time: '2026-03-30T00:00:00Z' })).toMatchObject({ order: '2026-03-31T10:00:00+08:00|withdrawn' });
    expect(deleted({ time: '2026-04-01T00:00:00Z', data: { userId: 'u1' } })).toMatchObject({ state: 'withdrawn', sourceTime: '2026-04-01T08:00:00+08:00' });
  });

  it.each<[string, object]>([
    ['YICI_EVENT_INVALID', { specversion: '1' }], ['YICI_EVENT_INVALID', { specversion: undefined }], ['YICI_EVENT_INVALID', { id: 7 }], ['YICI_EVENT_INVALID', { source: '' }],
    ['YICI_EVENT_INVALID', { type: undefined }], ['YICI_EVENT_INVALID', { time: 'noon' }], ['YICI_EVENT_INVALID', { BadName: 1 }], ['YICI_EVENT_INVALID', { data_base64: 'e30=' }],
    ['YICI_EVENT_INVALID', { datacontenttype: 'application/xml' }], ['YICI_EVENT_TYPE_UNKNOWN', { type: 'other' }], ['YICI_EVENT_DATA_MISSING', { data: null }], ['YICI_EVENT_DATA_MISSING', { data: [data] }],
    ['YICI_EVENT_SUBJECT_DIFFERS', { subject: 'u2' }], ['YICI_EVENT_SUBJECT_DIFFERS', { subject: undefined }], ['YICI_ROW_UNKNOWN_COLUMN', { data: { ...data, more: 1 } }],
  ])('are dead as %s when the event is wrong: %j', (code, more) => {
    expect(read(more)).toBe(code);
  });

  it('are dead when the event itself cannot be read, or a deletion cannot be placed', () => {
    expect(read({}, '{"specversion":"1.0","specversion":"1.0"}')).toBe('YICI_ROW_DUPLICATE_KEY');
    expect(read({}, '[]')).toBe('YICI_ROW_NOT_AN_OBJECT');
    expect(deleted({ data: { userId: 'u1' } })).toBe('YICI_EVENT_TIME_MISSING');
  });
});
