import { describe, expect, it } from '@jest/globals';
import { FixedClock } from '#libs/kernel/clock';
import { Health, Progress } from './health.js';
import { silentLogger } from './logger.js';
import { Metrics } from './metrics.js';
import { Shutdown } from './shutdown.js';

describe('shutdown', () => {
  it('closes in reverse order, once, past failing and hanging steps', async () => {
    const shutdown = new Shutdown(silentLogger, 30);
    const closed: string[] = [];
    shutdown.add('database', async () => { closed.push('database'); });
    shutdown.add('hanging', () => new Promise(() => undefined));
    shutdown.add('failing', async () => { throw new Error('no'); });
    shutdown.add('api', async () => { closed.push('api'); });
    await Promise.all([shutdown.run(), shutdown.run()]);
    expect(closed).toEqual(['api', 'database']);
  });
});

describe('health', () => {
  it('is as bad as its worst part', async () => {
    const health = new Health();
    health.register('store', async () => ({ state: 'up' }));
    expect((await health.report()).state).toBe('up');
    health.register('grid', async () => ({ state: 'degraded', reason: 'slow' }));
    expect((await health.report()).state).toBe('degraded');
    health.register('log', async () => { throw new Error('broken'); });
    expect(await health.report()).toMatchObject({ state: 'down', checks: { grid: { reason: 'slow' }, log: { state: 'down' } } });
  });
  it('measures liveness by progress', () => {
    const clock = new FixedClock(0);
    const progress = new Progress(clock, 1000);
    clock.advance(1001);
    expect(progress.check().state).toBe('down');
    progress.progressed();
    expect(progress.check().state).toBe('up');
  });
});

describe('metrics', () => {
  it('gives the same metric for the same name', async () => {
    const metrics = new Metrics();
    metrics.counter('yici_intake_rows_total', 'Rows.', ['system']).inc({ system: 'grid' });
    metrics.counter('yici_intake_rows_total', 'Rows.', ['system']).inc({ system: 'grid' });
    expect((await metrics.page()).text).toContain('yici_intake_rows_total{system="grid"} 2');
  });
});
