import { describe, expect, it } from '@jest/globals';
import { NodeProcess } from '#test/support/child-process';

/** The benches themselves run and tell what they must; no time is a gate. */
async function bench(program: string, persons: number): Promise<any> { // eslint-disable-line @typescript-eslint/no-explicit-any
  const { code, stdout, stderr } = await new NodeProcess(`test/bench/${program}`, ['--persons', String(persons), '--json']).ended;
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout.trim().split('\n').at(-1)!);
}

describe('bench', () => {
  it('of a load: volume, quality, probes and ratio', async () => {
    const r = await bench('bench-load.mjs', 3000);
    console.log(JSON.stringify(r, null, 1));
    expect(r.rows).toBeGreaterThan(12_000);
    expect(r.quality.f1).toBeGreaterThan(0.9);
    expect(r.ratio.ofCopy).toBeGreaterThan(0);
    expect(r.probe.sha256.mibPerSecond).toBeGreaterThan(0);
  });

  it('of a stream: the partition of the bulk load', async () => {
    const r = await bench('bench-stream.mjs', 500);
    console.log(JSON.stringify(r, null, 1));
    expect(r.records).toBeGreaterThan(2000);
    expect(r.samePartition).toBe(true);
  });
});
