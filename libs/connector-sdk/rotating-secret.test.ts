import { describe, expect, it } from '@jest/globals';
import { RotatingSecret } from './rotating-secret.js';

const of = (environment: Record<string, string>): RotatingSecret | undefined => RotatingSecret.find((name) => environment[name], 'YICI_A_SECRET');

describe('a secret that is being changed', () => {
  it('has both values until the old one is taken away', () => {
    expect(of({ YICI_A_SECRET: 'old' })!.values).toEqual(['old']);
    expect(of({ YICI_A_SECRET: 'old', YICI_A_SECRET_NEXT: 'new' })!.values).toEqual(['new', 'old']);
    expect(of({ YICI_A_SECRET: 'new', YICI_A_SECRET_NEXT: 'new' })!.values).toEqual(['new']);
    expect(of({ YICI_A_SECRET_NEXT: 'new' })).toBeUndefined();
  });

  it('goes out in the value that the other side takes, and stays with it', async () => {
    const secret = of({ YICI_A_SECRET: 'old', YICI_A_SECRET_NEXT: 'new' })!;
    let known = 'old';
    const tried: string[] = [];
    const send = () => secret.use((value) => {
      tried.push(value);
      return Promise.resolve(value === known);
    }, (taken) => !taken);
    expect([await send(), await send()]).toEqual([true, true]);
    known = 'new';
    expect([await send(), await send()]).toEqual([true, true]);
    known = 'another';
    expect(await send()).toBe(false);
    expect(tried).toEqual(['new', 'old', 'old', 'old', 'new', 'new', 'new', 'old']);
  });

  it('is believed in both values and in no other', () => {
    const secret = of({ YICI_A_SECRET: 'old', YICI_A_SECRET_NEXT: 'new' })!;
    expect(['old', 'new', '', 'ol', 'other'].map((v) => secret.includes(v))).toEqual([true, true, false, false, false]);
  });
});
