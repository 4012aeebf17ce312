import { describe, expect, it } from '@jest/globals';
import { FixedClock } from '#libs/kernel/clock';
import { Circuit } from './circuit.js';
import { retryDelay } from './retry-delay.js';

describe('retry delay', () => {
  it('doubles up to a ceiling, with jitter in the upper half', () => {
    expect(retryDelay(1, 0)).toBe(250);
    expect(retryDelay(1, 0.999)).toBeLessThanOrEqual(500);
    expect(retryDelay(4, 0)).toBe(2000);
    expect(retryDelay(100, 0.999)).toBeLessThanOrEqual(600_000);
    expect(retryDelay(100, 0)).toBe(300_000);
  });
});

describe('the circuit of a target', () => {
  it('opens after five failures in a row, lets one call try, and closes on success', () => {
    const clock = new FixedClock(0);
    const circuit = new Circuit(clock);
    for (let i = 0; i < 4; i++) circuit.failed();
    expect(circuit.waitMs()).toBe(0);
    circuit.failed();
    expect(circuit.waitMs()).toBe(1000);
    clock.advance(1000);
    expect(circuit.waitMs()).toBe(0);
    circuit.failed();
    expect(circuit.waitMs()).toBe(2000);
    circuit.succeeded();
    expect(circuit.waitMs()).toBe(0);
  });
});
