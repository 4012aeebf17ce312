// From a worker's entry to the grid: `npm run bench:latency -- [--persons 2000] [--entries 200] [--json]`.
// A hub with all roles and the two live systems; one entry at a time, so that nothing waits for another.
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { approveAgreements, connect } from '#apps/cli/demo/demo-connections';
import { demoAccounts } from '#apps/cli/demo/demo-accounts';
import { DemoFolder } from '#apps/cli/demo/demo-folder';
import { startDemoLegacy } from '#apps/cli/demo/demo-legacy';
import { loadDemoCity, writeDemoCity } from '#apps/cli/demo/demo-store';
import { freePort } from '#apps/cli/free-port';
import { HubClient } from '#apps/cli/hub-client';
import { startHub } from '#apps/hub/start-hub';
import { TOPIC } from '#libs/model/events';
import { silentLogger } from '#libs/platform/logger';
import { Shutdown } from '#libs/platform/shutdown';
import { newBenchDir, removeBenchDir } from './bench-store.mjs';
import { hashProbe, machine, round } from './machine.mjs';

const { values: options } = parseArgs({
  options: { persons: { type: 'string', default: '2000' }, entries: { type: 'string', default: '200' }, seed: { type: 'string', default: '1' }, json: { type: 'boolean', default: false } },
});
const dir = newBenchDir();
const shutdown = new Shutdown(silentLogger, 20_000);

try {
  const before = machine();
  const marker = { persons: Number(options.persons), seed: Number(options.seed) };
  const folder = await DemoFolder.open(path.join(dir, 'demo'), marker, false);
  await writeDemoCity(folder, marker, () => undefined);
  await loadDemoCity(folder, () => undefined);
  const port = await freePort(0);
  const { legacy, environment } = await startDemoLegacy(folder, `http://127.0.0.1:${port}`, silentLogger, shutdown);
  const hub = await startHub({ port, dataDir: folder.dir, logger: silentLogger, environment });
  shutdown.add('hub', () => hub.close());
  const accounts = await demoAccounts(hub);
  const as = (role) => { const a = accounts.find((x) => x.role === role); return HubClient.signIn(hub.url, a.username, a.password); };
  const admin = await as('admin');
  const worker = await as('worker');
  await approveAgreements(admin);
  await connect(admin, 'grid');
  const pool = hub.parts.store.pool;
  await until(async () => (await pool.query(`select from delivery where target = 'grid' and state = 'waiting' limit 1`)).rowCount === 0, 120_000);

  // Idle: the grid has pushed back what it was told, and nobody works on any of it any more.
  await legacy.grid.pushes.drained();
  const topics = [TOPIC.sourceRecordAccepted, TOPIC.command, TOPIC.targetKeyMinted];
  await until(async () => (await hub.parts.log.positions('resolution', topics)).every((p) => p.committed === p.end)
    && (await pool.query('select from outbox limit 1')).rowCount === 0, 120_000);
  await sleep(2000);

  // Known to the grid by one record, and to no verified account, whose phone would be believed before a worker's.
  const people = (await pool.query(
    `select c.entity_id as id from crosswalk c join source_record s on s.id = c.record_id join entity e on e.id = c.entity_id and e.state = 'active' and e.record_type = 'person'
      group by c.entity_id having count(*) filter (where s.system = 'grid' and s.state = 'current') = 1 and count(*) filter (where s.system = 'smart-community') = 0
        and bool_and(not s.test and s.state = 'current') order by c.entity_id limit $1`, [Number(options.entries)])).rows;
  const day = new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 10);
  const milliseconds = [];
  let late = 0;
  for (const [i, person] of people.entries()) {
    const phone = String(13_712_340_000 + i * 7);
    const seen = legacy.grid.written.length;
    const sent = Date.now();
    await worker.post('/entries', { kind: 'phone', personId: person.id, phone, occurredOn: day });
    let arrived;
    await until(() => {
      arrived = legacy.grid.written.slice(seen).find((w) => JSON.stringify(w.item).includes(phone));
      return arrived !== undefined;
    }, 5000).catch(() => { late += 1; });
    if (arrived !== undefined) milliseconds.push(arrived.at - sent);
    await sleep(50);
  }
  milliseconds.sort((a, b) => a - b);
  const at = (share) => milliseconds[Math.min(milliseconds.length - 1, Math.ceil(share * milliseconds.length) - 1)];
  const probe = { sha256: hashProbe() };
  const result = {
    bench: 'entry to grid', persons: marker.persons, entries: people.length, late, machine: before, milliseconds: { p50: at(0.5), p90: at(0.9), p99: at(0.99), most: milliseconds.at(-1) },
    probe, ratio: { p99PerHashedGiB: round(at(0.99) / ((1024 / probe.sha256.mibPerSecond) * 1000), 3) },
  };
  console.log(options.json ? JSON.stringify(result) : JSON.stringify(result, undefined, 2));
} finally {
  await shutdown.run();
  removeBenchDir(dir);
}

async function until(holds, limitMs) {
  const end = performance.now() + limitMs;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`not within ${limitMs} ms`);
    await sleep(2);
  }
}
