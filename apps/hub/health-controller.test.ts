import { describe, expect, it } from '@jest/globals';
import type { Account } from '#libs/access/account';
import { Health } from '#libs/platform/health';
import { Metrics } from '#libs/platform/metrics';
import { HealthController } from './health-controller.js';

const page = async (facetScopes: string[]): Promise<string> => {
  const metrics = new Metrics();
  const rows = metrics.counter('yici_intake_rows_total', 'Rows.', ['system']);
  const drift = metrics.gauge('yici_fanout_drift_records', 'Drift.', ['target', 'kind']);
  for (const system of ['grid', 'corrections']) {
    rows.inc({ system });
    drift.set({ target: system, kind: 'missed' }, 1);
  }
  let sent = '';
  const response = { setHeader: () => undefined, send: (text: string) => (sent = text) };
  const controller = new HealthController(new Health(), metrics, () => Promise.resolve(new Map([['corrections', 'correction']])));
  await controller.metricsPage({ facetScopes } as unknown as Account, response as never);
  return sent;
};

describe('the page of metrics', () => {
  it('withholds every figure of a restricted system from who may not know of it, under whatever label', async () => {
    const text = await page([]);
    expect(text).not.toContain('corrections');
    expect(text).toContain('yici_intake_rows_total{system="grid"} 1');
    expect(text).toContain('yici_fanout_drift_records{target="grid",kind="missed"} 1');
  });

  it('shows them within the scope', async () => {
    expect((await page(['correction'])).match(/corrections/g)).toHaveLength(2);
  });
});
