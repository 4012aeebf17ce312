// Bulk load of a generated city, by the command itself: `npm run bench:load -- --persons 100000 [--seed 1] [--keep DIR] [--json]`.
// Prints machine, volume, quality against the truth, and the ratio to a probe of the same machine in the same run.
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { newBenchDir, openBenchStore, removeBenchDir, runYici } from './bench-store.mjs';
import { copyProbe, hashProbe, machine, round } from './machine.mjs';

const { values: options } = parseArgs({
  options: { persons: { type: 'string', default: process.env.YICI_BENCH_PERSONS ?? '3000' }, seed: { type: 'string', default: '1' }, keep: { type: 'string' }, json: { type: 'boolean', default: false } },
});
const dir = options.keep === undefined ? newBenchDir() : path.resolve(options.keep);
mkdirSync(dir, { recursive: true });
const city = path.join(dir, 'city');
const dataDir = path.join(dir, 'data');

try {
  const report = { bench: 'load', persons: Number(options.persons), seed: Number(options.seed), machine: machine() };
  await runYici(['generate-city', city, '--persons', options.persons, '--seed', options.seed, '--flat'], dataDir);
  const { result, memoryMiB } = await runYici(['load', city, '--data-dir', dataDir], dataDir);
  const rows = Object.values(result.rows).reduce((n, r) => n + r.read, 0);
  const seconds = result.seconds.total;
  const crosswalk = path.join(dir, 'crosswalk.csv');
  const { result: exported } = await runYici(['export', 'crosswalk', '--out', crosswalk, '--data-dir', dataDir], dataDir);
  const { result: person } = await runYici(['evaluate', '--crosswalk', crosswalk, '--truth', path.join(city, 'truth.csv'), '--record-type', 'person'], dataDir);
  const store = await openBenchStore(dataDir);
  const probe = { sha256: hashProbe(), copy: await copyProbe(store.ownerUrl).finally(() => store.close()) };
  Object.assign(report, {
    rows, records: exported.rows, entities: result.entities, seconds: result.seconds, memoryMiB, partitionHash: result.partitionHash,
    quality: {
      precision: person.pairwise.precision, recall: person.pairwise.recall, f1: person.pairwise.f1, overmergedRecords: person.falseMerges.overmergedRecords, overmergedShare: person.falseMerges.overmergedShare,
    },
    rowsPerSecond: Math.round(rows / seconds), probe,
    ratio: { ofCopy: round(rows / seconds / probe.copy.rowsPerSecond, 4), rowsPerHashedMiB: round(rows / seconds / probe.sha256.mibPerSecond, 2) },
  });
  print(report);
} finally {
  if (options.keep === undefined) removeBenchDir(dir);
}

function print(r) {
  if (options.json) {
    process.stdout.write(`${JSON.stringify(r)}\n`);
    return;
  }
  const { machine: m, quality: q } = r;
  process.stdout.write([
    `machine     ${m.cpu}, ${m.cores} cores, ${m.memoryGiB} GiB, node ${m.node}, load ${m.loadBefore} before`,
    `volume      ${r.persons} persons (seed ${r.seed}), ${r.rows} rows read, ${r.records} records`,
    `load        ${r.seconds.total} s, ${r.rowsPerSecond} rows/s, node + PostgreSQL ${r.memoryMiB} MiB`,
    `stages      ${Object.entries(r.seconds).map(([k, v]) => `${k} ${v}`).join(', ')}`,
    `probe       sha256 ${r.probe.sha256.mibPerSecond} MiB/s, COPY ${r.probe.copy.rowsPerSecond} rows/s`,
    `ratio       ${r.ratio.ofCopy} of COPY; ${r.ratio.rowsPerHashedMiB} rows a hashed MiB`,
    `persons     precision ${q.precision.toFixed(4)}, recall ${q.recall.toFixed(4)}, F1 ${q.f1.toFixed(4)}, over-merged ${q.overmergedRecords} records (${(q.overmergedShare * 100).toFixed(3)} %)`,
    `partition   ${r.partitionHash}`, '',
  ].join('\n'));
}
