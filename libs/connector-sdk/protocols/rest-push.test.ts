import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { FixedClock } from '#libs/kernel/clock';
import { Divisions } from '#libs/values/divisions';
import { loadConnector } from '../load-connector.js';
import { RotatingSecret } from '../rotating-secret.js';
import { sign } from './hmac.js';
import { cutJsonArray } from './json-array.js';
import { DoorKeeper } from './rest-door.js';
import { ArrayDoor } from './rest-push.js';

const grid = loadConnector(path.resolve(import.meta.dirname, '../../../connectors/grid'));
const clock = new FixedClock(1_774_953_000_000);
const divisions = Divisions.parse('code,name,level,parent,valid_from,valid_to,successor\n');
const door = (least: number): ArrayDoor => {
  const keeper = new DoorKeeper({ hmac: 'sm3', secret: new RotatingSecret(['secret']), maxAgeSeconds: 300 }, clock);
  return new ArrayDoor(grid, { table: 'persons', path: 'persons', least, most: 200 }, keeper, divisions, clock);
};
const receiver = door(0);
const push = (text: string, signed = text) => {
  const body = Buffer.from(text);
  return receiver.receive({ headers: { ...sign('sm3', 'secret', Buffer.from(signed), clock.now()) }, body }).outcomes;
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
    const body = Buffer.from('[]');
    expect(() => door(1).receive({ headers: { ...sign('sm3', 'secret', body, clock.now()) }, body })).toThrow(expect.objectContaining({ code: 'YICI_PUSH_EMPTY' }));
  });

  it('says when the very request came before', () => {
    const body = Buffer.from(`[${row('1')}]`);
    const headers = { ...sign('sm3', 'secret', body, clock.now()) };
    const mine = door(0);
    expect([mine.receive({ headers, body }).again, mine.receive({ headers, body }).again]).toEqual([false, true]);
    expect(mine.receive({ headers: { ...sign('sm3', 'secret', body, clock.now()) }, body }).again).toBe(false);
  });

  it.each(['text/html', 'application/xml', 'application/json; charset=gbk', 'multipart/form-data; boundary=x', 'application/x-www-form-urlencoded'])('is not read as %s', (type) => {
    const body = Buffer.from('[]');
    const headers = { ...sign('sm3', 'secret', body, clock.now()), 'content-type': type };
    expect(() => receiver.receive({ headers, body })).toThrow(expect.objectContaining({ code: 'YICI_PUSH_MEDIA_TYPE' }));
    expect(receiver.receive({ headers: { ...headers, 'content-type': 'Application/JSON; charset="UTF-8"' }, body }).outcomes).toEqual([]);
  });
});
