// The records of a generated city through the log, shuffled: `npm run bench:stream -- --persons 3000 [--seed 1] [--json]`.
// One process, roles resolution; prints records a second and whether the partition is that of the bulk load.
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startHub } from '#apps/hub/start-hub';
import { encodeEvent } from '#libs/bus/cloud-event';
import { readSnapshot } from '#libs/connector-sdk/read-snapshot';
import { openCityDirectory } from '#libs/intake/city-directory';
import { uuidv7 } from '#libs/kernel/ids';
import { TOPIC } from '#libs/model/events';
import { silentLogger } from '#libs/platform/logger';
import { storedPartitionHash } from '#libs/resolution/partition-reader';
import { keyOf, recordRef } from '#libs/store/source-record-codec';
import { newBenchDir, removeBenchDir, runYici } from './bench-store.mjs';
import { copyProbe, hashProbe, machine, round } from './machine.mjs';

const { values: options } = parseArgs({
  options: { persons: { type: 'string', default: process.env.YICI_BENCH_PERSONS ?? '1000' }, seed: { type: 'string', default: '1' }, json: { type: 'boolean', default: false } },
});
const dir = newBenchDir();
const city = path.join(dir, 'city');

try {
  const before = machine();
  await runYici(['generate-city', city, '--persons', options.persons, '--seed', options.seed], dir);
  const { result: bulk } = await runYici(['load', city, '--data-dir', path.join(dir, 'bulk')], path.join(dir, 'bulk'));
  const hub = await startHub({ roles: ['resolution'], port: 0, dataDir: path.join(dir, 'stream'), logger: silentLogger, environment: {} });
  try {
    const { store, log, connectors } = hub.parts;
    const messages = shuffled(await messagesOf(city, connectors, store.sealing), Number(options.seed));
    const started = performance.now();
    for (let at = 0; at < messages.length; at += 5000) await log.publish(TOPIC.sourceRecordAccepted, messages.slice(at, at + 5000));
    const published = performance.now();
    while ((await log.positions('resolution', [TOPIC.sourceRecordAccepted])).some((p) => p.committed !== p.end)) await sleep(20);
    const seconds = (performance.now() - started) / 1000;
    const probe = { sha256: hashProbe(), copy: await copyProbe(store.ownerUrl) };
    const perSecond = messages.length / seconds;
    print({
      bench: 'stream', persons: Number(options.persons), seed: Number(options.seed), machine: before, records: messages.length, seconds: round(seconds, 2),
      publishSeconds: round((published - started) / 1000, 2), recordsPerSecond: Math.round(perSecond), probe,
      ratio: { ofCopy: round(perSecond / probe.copy.rowsPerSecond, 5), recordsPerHashedMiB: round(perSecond / probe.sha256.mibPerSecond, 3) },
      samePartition: (await storedPartitionHash(store.pool, store.sealing)) === bulk.partitionHash,
    });
  } finally {
    await hub.close();
  }
} finally {
  removeBenchDir(dir);
}

async function messagesOf(cityDir, connectors, sealing) {
  const opened = await openCityDirectory(cityDir);
  const messages = [];
  for (const connector of connectors) {
    for await (const batch of readSnapshot(connector, cityDir, opened)) {
      for (const record of batch.rows.flatMap((r) => (r.kind === 'accepted' ? r.records : []))) {
        const event = { id: uuidv7(Date.now()), type: TOPIC.sourceRecordAccepted, source: '/intake', time: new Date().toISOString(), data: { record } };
        messages.push({ key: recordRef(sealing, keyOf(record)).toString('hex'), value: encodeEvent(sealing, event) });
      }
    }
  }
  return messages;
}

/** Fisher–Yates with a small generator, so that a run can be seen again. */
function shuffled(items, seed) {
  let state = seed >>> 0;
  for (let i = items.length - 1; i > 0; i--) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const j = state % (i + 1);
    [items[i], items[j]] = [items[j], items[i]];
  }
  return items;
}

function print(r) {
  if (options.json) {
    process.stdout.write(`${JSON.stringify(r)}\n`);
    return;
  }
  const m = r.machine;
  process.stdout.write([
    `machine     ${m.cpu}, ${m.cores} cores, ${m.memoryGiB} GiB, node ${m.node}, load ${m.loadBefore} before`,
    `volume      ${r.persons} persons (seed ${r.seed}), ${r.records} records, shuffled`,
    `stream      ${r.seconds} s (published in ${r.publishSeconds} s), ${r.recordsPerSecond} records/s`,
    `probe       sha256 ${r.probe.sha256.mibPerSecond} MiB/s, COPY ${r.probe.copy.rowsPerSecond} rows/s`,
    `ratio       ${r.ratio.ofCopy} of COPY; ${r.ratio.recordsPerHashedMiB} records a hashed MiB`,
    `partition   ${r.samePartition ? 'that of the bulk load' : 'NOT that of the bulk load'}`, '',
  ].join('\n'));
}
