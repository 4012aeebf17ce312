import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { cutJsonArray, cutJsonObject } from './json-array.js';

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');

describe('cutting JSON by its bytes', () => {
  it('gives the members of any object and the elements of any array, as JSON.parse would', () => {
    fc.assert(fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.array(fc.jsonValue()), fc.nat(3), (object, array, indent) => {
      const members = cutJsonObject(Buffer.from(JSON.stringify(object, null, indent)));
      expect([...members].map(([k, v]) => [k, JSON.parse(text(v)) as unknown])).toEqual(Object.entries(JSON.parse(JSON.stringify(object)) as object));
      const elements = cutJsonArray(Buffer.from(JSON.stringify(array, null, indent)), 1000);
      expect(elements.map((e) => JSON.parse(text(e)) as unknown)).toEqual(JSON.parse(JSON.stringify(array)));
    }));
  });

  it('keeps what is wrong inside a value for whoever parses it', () => {
    expect(text(cutJsonObject(Buffer.from('{"items":[{"a":990101196203150315,}], "cursor" : null}')).get('items')!)).toBe('[{"a":990101196203150315,}]');
  });

  it.each(['', '[]', '{', '{"a"}', '{"a":1', '{a:1}', '{"a":[}', '{"a":"x}', '{"a":1}]', 'null', '{"\\x":1}'])('refuses %s as an object', (body) => {
    expect(() => cutJsonObject(Buffer.from(body))).toThrow(expect.objectContaining({ code: 'YICI_PUSH_MALFORMED' }));
  });
});
