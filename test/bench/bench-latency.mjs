// From a worker's entry to every target that may have it: `npm run bench:latency -- [--persons 2000] [--entries 200] [--json]`.
// A hub with all roles and all live systems; one entry at a time, so that nothing waits for another. Phones and moves reach the
// systems that take messages; a death (which one system suspects already) reaches nearly all, those with files too.
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { newBenchDir, removeBenchDir } from './bench-store.mjs';
import { isFileTarget, quantile, startLiveStage } from './live-stage.mjs';
import { hashProbe, machine, round } from './machine.mjs';

const { values: options } = parseArgs({
  options: { persons: { type: 'string', default: '2000' }, entries: { type: 'string', default: '200' }, seed: { type: 'string', default: '1' }, json: { type: 'boolean', default: false } },
});
/** Longer than any target may take: what is later is counted as late. */
const LATE_MS = 15_000;
const dir = newBenchDir();
let stage;

try {
  const before = machine();
  stage = await startLiveStage(dir, { persons: Number(options.persons), seed: Number(options.seed) });
  const { pool, worker, progress, legacy } = stage;
  const entries = Number(options.entries);
  const people = (await pool.query(
    `select c.entity_id as id, count(distinct s.system)::int as systems from crosswalk c join source_record s on s.id = c.record_id join entity e on e.id = c.entity_id and e.state = 'active' and e.record_type = 'person'
      group by c.entity_id having count(*) filter (where s.system = 'public-health' and s.state = 'current') = 1 and count(*) filter (where s.system = 'smart-community') = 0
        and bool_and(not s.test and s.state = 'current') order by 2 desc, 1 limit $1`, [entries])).rows;
  const dying = people.filter((_, i) => i % 3 === 2);
  await suspect(dying.map((p) => p.id));
  await progress.allRead(legacy.simulators.map((s) => s.system));
  await progress.allDelivered();

  const day = new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 10);
  const taken = new Map(stage.targets.map((t) => [t.id, []]));
  let late = 0;
  for (const [i, person] of people.entries()) {
    const entry = [
      { kind: 'phone', phone: String(13_712_340_000 + i * 7) },
      { kind: 'move', direction: 'moved', address: `幸福小区${1 + (i % 30)}幢${1 + (i % 3)}单元${101 + (i % 600)}室` },
      { kind: 'death' },
    ][i % 3];
    const sent = performance.now();
    const { entryId } = await worker.post('/entries', { ...entry, personId: person.id, occurredOn: day });
    late += await follow(entryId, sent, taken);
    await sleep(50);
  }
  const figures = [...taken].flatMap(([id, ms]) => (ms.length === 0 ? [] : [[id, figuresOf(ms)]]));
  const all = (files) => figuresOf(stage.targets.filter((t) => isFileTarget(t) === files).flatMap((t) => taken.get(t.id)));
  const probe = { sha256: hashProbe() };
  const result = {
    bench: 'entry to written', persons: Number(options.persons), entries: people.length, late, machine: before, milliseconds: { messages: all(false), files: all(true), byTarget: Object.fromEntries(figures) },
    probe, ratio: { messagesP99PerHashedGiB: round(all(false).p99 / ((1024 / probe.sha256.mibPerSecond) * 1000), 3) },
  };
  console.log(options.json ? JSON.stringify(result) : JSON.stringify(result, undefined, 2));
} finally {
  await stage?.stop();
  removeBenchDir(dir);
}

/** Notes when each delivery of an entry first stood written; returns how many did not in time. */
async function follow(entryId, sent, taken) {
  const done = new Set();
  for (const end = performance.now() + LATE_MS; ;) {
    const rows = (await stage.pool.query(`select id, target, state from delivery where cause = $1`, [entryId])).rows;
    const now = performance.now();
    for (const { id, target, state } of rows) {
      if (done.has(id) || !['written', 'pickedUp', 'confirmed'].includes(state)) continue;
      done.add(id);
      taken.get(target)?.push(now - sent);
    }
    // Every target answers an entry, with a line at least.
    const answered = new Set(rows.map((r) => r.target)).size >= stage.targets.length;
    const waiting = rows.filter((r) => r.state === 'waiting').length;
    if (answered && waiting === 0) return 0;
    if (now > end) return Math.max(1, waiting);
    await sleep(2);
  }
}

/** One system says that these are dead: a second witness will make it so. */
async function suspect(entityIds) {
  const keys = (await stage.pool.query(`select s.sealed_key from crosswalk c join source_record s on s.id = c.record_id where s.system = 'public-health' and s.record_type = 'person' and c.entity_id = any($1)`, [entityIds])).rows;
  const simulator = stage.legacy.of('public-health');
  for (const { sealed_key: sealed } of keys) await simulator.change(stage.hub.parts.store.sealing.openText(sealed).split(':').slice(2).join(':'), { status: '3' });
  await sleep(2000);
}

function figuresOf(ms) {
  const sorted = [...ms].sort((a, b) => a - b);
  return { n: sorted.length, p50: round(quantile(sorted, 0.5) ?? NaN, 0), p90: round(quantile(sorted, 0.9) ?? NaN, 0), p99: round(quantile(sorted, 0.99) ?? NaN, 0), most: round(sorted.at(-1) ?? NaN, 0) };
}
