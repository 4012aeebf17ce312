import { describe, expect, it } from '@jest/globals';
import { NodeProcess } from '#test/support/child-process';

/** The benches themselves run and tell what they must; no time is a gate. */
async function bench(program: string, options: number | string[]): Promise<any> { // eslint-disable-line @typescript-eslint/no-explicit-any
  const { code, stdout, stderr } = await new NodeProcess(`test/bench/${program}`, [...(typeof options === 'number' ? ['--persons', String(options)] : options), '--json']).ended;
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

  it('of isolation: nothing lost, out of order or twice beside a slow target and a dead one', async () => {
    const r = await bench('bench-isolation.mjs', ['--targets', '4', '--changes', '40', '--slowSeconds', '3']);
    console.log(JSON.stringify(r, null, 1));
    expect(r.withSick.deliveries).toBe(80);
    expect({ drained: r.drained, lost: r.lost, outOfOrder: r.outOfOrder, twice: r.twice }).toEqual({ drained: true, lost: 0, outOfOrder: 0, twice: 0 });
  });

  it('of reconciliation: every planted drift, and no other', async () => {
    const r = await bench('bench-reconcile.mjs', ['--rows', '3000', '--drifts', '40']);
    console.log(JSON.stringify(r, null, 1));
    expect({ planted: r.planted, found: r.found, wrong: r.wrong }).toEqual({ planted: 40, found: 40, wrong: 0 });
  });

  it('of a stream: the partition of the bulk load', async () => {
    const r = await bench('bench-stream.mjs', 500);
    console.log(JSON.stringify(r, null, 1));
    expect(r.records).toBeGreaterThan(2000);
    expect(r.samePartition).toBe(true);
  });
});
