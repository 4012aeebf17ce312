// One target 30 s slow and another down, beside healthy ones: `npm run bench:isolation -- [--targets 12] [--changes 300] [--json]`.
// The whole of fan-out over its real log, store and HTTP; each target is a folder of its own (copies of the grid's) and a server.
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { encodeEvent } from '#libs/bus/cloud-event';
import { PostgresLog } from '#libs/bus/postgres-log';
import { loadConnector } from '#libs/connector-sdk/load-connector';
import { Fanout } from '#libs/fanout/fanout';
import { FanoutStore } from '#libs/fanout/fanout-store';
import { proposalsOf } from '#libs/fanout/propose-agreements';
import { systemClock } from '#libs/kernel/clock';
import { TOPIC } from '#libs/model/events';
import { silentLogger } from '#libs/platform/logger';
import { projectRoot } from '#libs/platform/project-root';
import { SourceRecordStore } from '#libs/store/source-record-store';
import { Divisions } from '#libs/values/divisions';
import { newBenchDir, openBenchStore, removeBenchDir } from './bench-store.mjs';
import { hashProbe, machine, round } from './machine.mjs';

const { values: options } = parseArgs({
  options: {
    targets: { type: 'string', default: '12' }, changes: { type: 'string', default: '300' }, slowSeconds: { type: 'string', default: '30' }, pauseMs: { type: 'string', default: '40' },
    json: { type: 'boolean', default: false },
  },
});
const TARGETS = Number(options.targets);
const CHANGES = Number(options.changes);
const SLOW_MS = Number(options.slowSeconds) * 1000;
const WARM_UP = 40;

/** A target: keeps the newest phone of each person with the time it came; slow as told. */
class Server {
  arrived = new Map();
  values = new Map();
  delayMs = 0;

  async start(port = 0) {
    this.server = createServer((request, response) => {
      const chunks = [];
      request.on('data', (c) => chunks.push(c));
      request.on('end', () => {
        const work = () => {
          const items = JSON.parse(Buffer.concat(chunks).toString('utf8'));
          for (const item of items) {
            if (!this.arrived.has(`${item.id} ${item.phone}`)) this.arrived.set(`${item.id} ${item.phone}`, performance.now());
            this.values.set(item.id, [...(this.values.get(item.id) ?? []), item.phone]);
          }
          response.setHeader('content-type', 'application/json');
          response.end(JSON.stringify(items.map(({ ref, id }) => ({ ref, id, code: 0, message: '' }))));
        };
        if (this.delayMs > 0) setTimeout(work, this.delayMs).unref();
        else work();
      });
    });
    await new Promise((resolve, reject) => this.server.once('error', reject).listen(port, '127.0.0.1', resolve));
    this.port = this.server.address().port;
    return this;
  }

  async stop() {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

const dir = newBenchDir();
const store = await openBenchStore(path.join(dir, 'data'));
const servers = [];
let fanout;
let log;
const readers = [];
try {
  const before = machine();
  const connectors = [];
  const secrets = {};
  for (let i = 0; i < TARGETS; i++) {
    const id = `target-${String(i).padStart(2, '0')}`;
    const folder = path.join(dir, 'connectors', id);
    mkdirSync(path.dirname(folder), { recursive: true });
    cpSync(path.join(projectRoot(), 'connectors/grid'), folder, { recursive: true });
    const yaml = readFileSync(path.join(folder, 'connector.yaml'), 'utf8').replace(/^id: grid$/m, `id: ${id}`).replaceAll('YICI_GRID_', `YICI_TARGET_${i}_`).replaceAll('timeoutSeconds: 10', 'timeoutSeconds: 60');
    writeFileSync(path.join(folder, 'connector.yaml'), yaml);
    connectors.push(loadConnector(folder));
    const server = await new Server().start();
    servers.push({ id, server });
    Object.assign(secrets, { [`YICI_TARGET_${i}_URL`]: `http://127.0.0.1:${server.port}`, [`YICI_TARGET_${i}_SYNC_SECRET`]: 's', [`YICI_TARGET_${i}_PUSH_SECRET`]: 'p' });
  }
  const fanoutStore = new FanoutStore(store.pool, store.unitOfWork, store.sealing, systemClock);
  log = new PostgresLog({ pool: store.pool, listener: store.listener, logger: silentLogger });
  await log.ensureTopics(Object.values(TOPIC).map((topic) => ({ topic, partitions: 8 })));
  fanout = new Fanout({ store: fanoutStore, log, sealing: store.sealing, connectors, logger: silentLogger, secret: (name) => secrets[name], divisions: Divisions.parse('code,name,level,parent,valid_from,valid_to,successor\n') });
  await store.unitOfWork.run(async (tx) => {
    await fanoutStore.agreements.propose(tx, proposalsOf(connectors));
    await fanoutStore.agreements.approve(tx, {}, 'bench');
  });
  for (const { id } of servers) {
    await store.unitOfWork.run(async (tx) => {
      await fanoutStore.connections.rehearsed(tx, id, 0);
      await fanoutStore.connections.approve(tx, id, 'bench');
    });
  }
  await fanout.start();
  for (const { id } of servers) {
    readers.push(await log.subscribe({ topics: [TOPIC.goldenRecordChanged], group: `fanout.${id}`, handler: (batch) => fanout.changes(batch, [id]) }));
  }

  const records = new SourceRecordStore(store.sealing);
  const person = (n) => `p-bench-${n}`;
  await everyone(records, WARM_UP + 3 * CHANGES, person);

  await phase(0, WARM_UP);
  const first = await phase(WARM_UP, CHANGES);
  const [slow, down] = [servers.at(-1), servers.at(-2)];
  const healthy = servers.slice(0, -2);
  slow.server.delayMs = SLOW_MS;
  const downPort = down.server.port;
  await down.server.stop();
  const sick = summary(await phase(WARM_UP + CHANGES, CHANGES, healthy.map((s) => s.server)));
  // A second change of the same persons while the target is away: when it is back, the newer value stands last.
  for (let n = WARM_UP + CHANGES; n < WARM_UP + CHANGES + 20; n++) await change(n, phoneOf(n, 2), 2);
  slow.server.delayMs = 0;
  await down.server.start(downPort);
  const drained = await until(() => lastPhones(down.server) && lastPhones(slow.server), 180_000);
  // Calm before and after: a machine that others use as well drifts meanwhile.
  const calm = summary([...first, ...(await phase(WARM_UP + 2 * CHANGES, CHANGES))]);
  const lost = servers.flatMap(({ server }) => missing(server));
  const outOfOrder = servers.flatMap(({ server }) => [...server.values.values()].filter((phones) => phones.some((p, i) => i > 0 && p < phones[i - 1]))).length;
  const twice = servers.reduce((sum, { server }) => sum + [...server.values.values()].filter((phones) => new Set(phones).size < phones.length).length, 0);
  const probe = { sha256: hashProbe() };
  const result = {
    bench: 'isolation', targets: TARGETS, slowSeconds: SLOW_MS / 1000, changes: CHANGES, machine: before,
    withoutSick: calm, withSick: sick, ratio: { p50: round(sick.p50 / calm.p50, 2), p99: round(sick.p99 / calm.p99, 2) }, drained, lost: lost.length, outOfOrder, twice, probe,
  };
  console.log(options.json ? JSON.stringify(result) : JSON.stringify(result, undefined, 2));

  /** One change after the other; how long each took to the slowest of the watched targets but the two that become sick. */
  async function phase(from, count, watched = servers.slice(0, -2).map((s) => s.server)) {
    const sent = new Map();
    for (let n = from; n < from + count; n++) {
      sent.set(n, await change(n, phoneOf(n, 1), 1));
      await sleep(Number(options.pauseMs));
    }
    const milliseconds = [];
    for (const server of watched) {
      for (const [n, at] of sent) {
        const key = `${keyOf(n)} ${phoneOf(n, 1)}`;
        await until(() => server.arrived.has(key), 120_000);
        milliseconds.push(server.arrived.get(key) - at);
      }
    }
    return milliseconds;
  }

  function summary(milliseconds) {
    milliseconds.sort((a, b) => a - b);
    const at = (share) => round(milliseconds[Math.min(milliseconds.length - 1, Math.ceil(share * milliseconds.length) - 1)]);
    return { deliveries: milliseconds.length, p50: at(0.5), p99: at(0.99), most: round(milliseconds.at(-1)) };
  }

  async function change(n, phone, version) {
    await store.unitOfWork.run(async (tx) => {
      const [put] = await records.put(tx, [entry(n, phone, version)]);
      await tx.client.query('insert into crosswalk (record_id, entity_id, linked_at) values ($1, $2, now()) on conflict (record_id) do nothing', [put.id, person(n)]);
      await tx.client.query('update entity set version = $2 where id = $1', [person(n), version]);
    });
    const data = { entityId: person(n), recordType: 'person', version, changed: ['phones'], causes: [`hub:person:entry-${n}-${version}`], kind: 'updated', initial: false };
    const at = performance.now();
    await log.publish(TOPIC.goldenRecordChanged, [{ key: person(n), value: encodeEvent(store.sealing, { id: `${person(n)}-${version}`, type: TOPIC.goldenRecordChanged, source: '/bench', time: new Date().toISOString(), data }) }]);
    return at;
  }

  function lastPhones(server) {
    for (let n = WARM_UP + CHANGES; n < WARM_UP + 2 * CHANGES; n++) {
      if (server.values.get(keyOf(n))?.at(-1) !== phoneOf(n, n < WARM_UP + CHANGES + 20 ? 2 : 1)) return false;
    }
    return true;
  }

  function missing(server) {
    return Array.from({ length: WARM_UP + 3 * CHANGES }, (_, n) => n).filter((n) => !server.values.has(keyOf(n)));
  }
} finally {
  await Promise.all(readers.map((r) => r.close()));
  await fanout?.close();
  await log?.close();
  await Promise.all(servers.map(({ server }) => server.stop().catch(() => undefined)));
  await store.close();
  removeBenchDir(dir);
}

function keyOf(n) {
  return `k${n}`;
}

/** Grows with the version, so that order can be seen in the values. */
function phoneOf(n, version) {
  return String(13_000_000_000 + version * 100_000_000 + n);
}

function record(system, naturalKey, body, more) {
  return { system, recordType: 'person', naturalKey, order: '1', sourceTime: '2026-01-01T00:00:00+08:00', observedAt: '2026-01-01T00:00:00+08:00', state: 'current', body, origin: { source: 'bench', position: 1 }, ...more };
}

function entry(n, phone, version) {
  return record('hub', `entry-${n}-${version}`, { phones: [{ number: phone }] }, { sourceTime: `2026-06-0${version}T00:00:00+08:00`, order: String(version) });
}

/** Everybody is known to every target, with another phone. */
async function everyone(records, count, person) {
  for (let from = 0; from < count; from += 100) {
    await store.unitOfWork.run(async (tx) => {
      const all = [];
      const of = new Map();
      for (let n = from; n < Math.min(count, from + 100); n++) {
        for (const { id } of servers) {
          const r = record(id, keyOf(n), { name: { value: '张伟强', key: '张伟强' }, phones: [{ number: '13900000000' }] });
          all.push(r);
          of.set(`${id} ${keyOf(n)}`, person(n));
        }
        await tx.client.query(`insert into entity (id, record_type, version, state, valid_from, recorded_at, member_count, sealed_golden) values ($1, 'person', 0, 'active', now(), now(), $2, '')`, [person(n), servers.length]);
      }
      for (const put of await records.put(tx, all)) {
        await tx.client.query('insert into crosswalk (record_id, entity_id, linked_at) values ($1, $2, now())', [put.id, of.get(`${put.current.system} ${put.current.naturalKey}`)]);
      }
    });
  }
}

async function until(holds, limitMs) {
  for (const end = performance.now() + limitMs; !holds();) {
    if (performance.now() > end) return false;
    await sleep(5);
  }
  return true;
}
