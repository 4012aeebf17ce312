import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { FixedClock } from '#libs/kernel/clock';
import { Divisions } from '#libs/values/divisions';
import { loadConnector } from '../load-connector.js';
import type { RestPushSpec } from '../live-spec.js';
import { sign } from './hmac.js';
import { cutJsonArray } from './json-array.js';
import { PushReceiver } from './rest-push.js';

const grid = loadConnector(path.resolve(import.meta.dirname, '../../../connectors/grid'));
const clock = new FixedClock(1_774_953_000_000);
const receiver = new PushReceiver(grid, grid.manifest.live[0] as RestPushSpec, 'secret', Divisions.parse('code,name,level,parent,valid_from,valid_to,successor\n'), clock);
const push = (text: string, signed = text) => {
  const body = Buffer.from(text);
  return receiver.receive({ headers: { ...sign('sm3', 'secret', Buffer.from(signed), clock.now()) }, body });
};
const row = (id: string, more = ''): string => `{"id":"${id}","name":"张伟强","updateTime":"2026-03-01 10:30:00"${more}}`;

describe('a pushed batch', () => {
  it('gives one outcome an element; a poisoned one harms only itself', () => {
    const outcomes = push(`[ ${row('1')}, {"id":null}, {"id":"3","ident":990101196203150315}, ${row('4', ',"x":1')},\n ${row('5', ',"residencedetail":"a[]{},\\"b"')} ]`);
    expect(outcomes.map((o) => (o.kind === 'dead' ? o.code : o.kind))).toEqual(['accepted', 'YICI_ROW_KEY_MISSING', 'YICI_ROW_NUMBER_TOO_LONG', 'YICI_ROW_UNKNOWN_COLUMN', 'accepted']);
    expect(outcomes.map((o) => o.position)).toEqual([1, 2, 3, 4, 5]);
    const dead = outcomes[2]!;
    expect(dead.kind === 'dead' && Buffer.from(dead.bytes).toString()).toBe('{"id":"3","ident":990101196203150315}');
  });

  it('has the same origins when it is sent again', () => {
    const origins = () => push(`[${row('1')}]`).map((o) => o.kind === 'accepted' && o.records[0]!.origin);
    expect(origins()).toEqual(origins());
  });

  it('is refused whole when the signature, the shape or the size is wrong', () => {
    expect(() => push(`[${row('1')}]`, '[]')).toThrow(expect.objectContaining({ code: 'YICI_PUSH_SIGNATURE_WRONG' }));
    for (const text of ['{}', '', '[', '[{]', '[{}}]', '[1,]', '["x]', '[{"a":"b\\"}]']) expect(() => push(text)).toThrow(expect.objectContaining({ code: 'YICI_PUSH_MALFORMED' }));
    expect(() => push(`[${Array.from({ length: 201 }, () => '{}').join(',')}]`)).toThrow(expect.objectContaining({ code: 'YICI_PUSH_TOO_MANY' }));
  });

  it('may be empty', () => {
    expect(push('[]')).toEqual([]);
    expect(cutJsonArray(Buffer.from(' [ ] '), 5)).toEqual([]);
  });
});
