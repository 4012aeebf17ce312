// A target of 100,000 records compared with the hub, 100 drifts planted: `npm run bench:reconcile -- [--rows 100000] [--drifts 100] [--json]`.
// The aid office's exchange tables in a real PostgreSQL, read over its own protocol by its own folder; the hub's side is its store.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { authorityRows } from '#libs/connector-sdk/authority-rows';
import { loadConnector } from '#libs/connector-sdk/load-connector';
import { FanoutStore } from '#libs/fanout/fanout-store';
import { proposalsOf } from '#libs/fanout/propose-agreements';
import { Reconciler } from '#libs/fanout/reconciler';
import { targetRecords } from '#libs/fanout/target-records';
import { systemClock } from '#libs/kernel/clock';
import { silentLogger } from '#libs/platform/logger';
import { projectRoot } from '#libs/platform/project-root';
import { replaceAuthority } from '#libs/store/authority-store';
import { SourceRecordStore } from '#libs/store/source-record-store';
import { startSocialAssistance } from '#libs/synthetic/simulators/social-assistance-simulator';
import { Divisions } from '#libs/values/divisions';
import { newBenchDir, openBenchStore, removeBenchDir } from './bench-store.mjs';
import { hashProbe, machine, round } from './machine.mjs';

const { values: options } = parseArgs({ options: { rows: { type: 'string', default: '100000' }, drifts: { type: 'string', default: '100' }, json: { type: 'boolean', default: false } } });
const ROWS = Number(options.rows);
const DRIFTS = Number(options.drifts);
const SYSTEM = 'social-assistance';
const TABLE = 'social_assistance."BASEINFO_PEOPLE"';
const KINDS = ['missed', 'changed', 'vanished', 'lostWrite'];

const dir = newBenchDir();
const store = await openBenchStore(path.join(dir, 'data'));
const owner = new pg.Client({ connectionString: store.ownerUrl });
let office;
try {
  const before = machine();
  await owner.connect();
  const cityDir = path.join(dir, 'city');
  mkdirSync(path.join(cityDir, SYSTEM), { recursive: true });
  mkdirSync(path.join(dir, 'office'));
  writeCity(cityDir);
  office = await startSocialAssistance({ cityDir, hubUrl: 'http://127.0.0.1:9', databaseUrl: store.ownerUrl, dir: path.join(dir, 'office'), secret: () => 's', log: () => undefined });
  const [connector, hukou] = [SYSTEM, 'hukou'].map((id) => loadConnector(path.join(projectRoot(), 'connectors', id)));
  const divisions = Divisions.parse('code,name,level,parent,valid_from,valid_to,successor\n990101001001,甲,community,990101001,,,\n');
  const fanout = new FanoutStore(store.pool, store.unitOfWork, store.sealing, systemClock);
  const parts = {
    store: fanout, sealing: store.sealing, logger: silentLogger, connectors: [connector], divisions, clock: systemClock, secret: (name) => office.environment[name],
    log: { publish: () => Promise.resolve() },
  };
  await store.unitOfWork.run(async (tx) => {
    await replaceAuthority(tx, [connector, hukou].flatMap(authorityRows));
    await fanout.agreements.propose(tx, proposalsOf([connector, hukou]));
    await fanout.agreements.approve(tx, {}, 'bench');
  });
  const loaded = await load(connector, parts);
  await owner.query('analyze source_record');
  const planted = await plant(fanout);
  // An hour after the writes: younger ones may still be on their way.
  const reconciler = new Reconciler({ ...parts, store: new FanoutStore(store.pool, store.unitOfWork, store.sealing, { now: () => systemClock.now() + 3_600_000 }) });
  const rss = { most: 0 };
  const watch = setInterval(() => { rss.most = Math.max(rss.most, process.memoryUsage().rss); }, 100);
  const start = process.memoryUsage().rss;
  const started = performance.now();
  const run = await reconciler.run(SYSTEM, { actor: 'bench' });
  const seconds = (performance.now() - started) / 1000;
  clearInterval(watch);
  if (run.state !== 'done') throw new Error(`the run failed: ${run.code} ${run.reason}`);
  const drift = await fanout.drift.list(SYSTEM, 100_000);
  const found = new Set(drift.map((d) => `${d.kind} ${d.naturalKey}`));
  const missing = planted.filter((p) => !found.has(p));
  const wrong = [...found].filter((f) => !planted.includes(f));
  const probe = { sha256: hashProbe() };
  const result = {
    bench: 'reconciliation', machine: before, records: loaded, read: run.recordsRead, planted: planted.length, found: planted.length - missing.length, wrong: wrong.length,
    byKind: Object.fromEntries(KINDS.map((k) => [k, planted.filter((p) => p.startsWith(`${k} `)).length])), seconds: round(seconds), recordsPerSecond: Math.round(run.recordsRead / seconds),
    memoryMiB: { before: Math.round(start / 2 ** 20), most: Math.round(rss.most / 2 ** 20) }, probe, ratio: { secondsPerHashedGiB: round(seconds / (1024 / probe.sha256.mibPerSecond), 1) },
  };
  console.log(options.json ? JSON.stringify(result) : JSON.stringify(result, undefined, 2));
} finally {
  await office?.stop();
  await owner.end();
  await store.close();
  removeBenchDir(dir);
}

/** The hub's side: everything as it was read, without the resolution that reconciliation does not look at. */
async function load(connector, parts) {
  const records = new SourceRecordStore(store.sealing);
  let n = 0;
  let waiting = [];
  const flush = async () => {
    const batch = waiting;
    waiting = [];
    await store.unitOfWork.run((tx) => records.put(tx, batch));
    n += batch.length;
  };
  for await (const page of targetRecords(connector, parts, () => Promise.resolve(new Map()), new AbortController().signal)) {
    waiting.push(...page.records);
    if (waiting.length >= 5000) await flush();
  }
  await flush();
  return n;
}

/** Drift of all kinds, spread over the table; each as `kind key`. */
async function plant(fanout) {
  const each = Math.floor(DRIFTS / KINDS.length);
  const step = Math.floor(ROWS / (DRIFTS + 1));
  const keys = Array.from({ length: each * KINDS.length }, (_, i) => keyOf((i + 1) * step));
  const planted = [];
  for (let i = 0; i < keys.length; i += KINDS.length) {
    const [like, changed, vanished, lost] = keys.slice(i, i + KINDS.length);
    const missed = `R02${like.slice(3)}`;
    await owner.query(`insert into ${TABLE} select $2 as "PEOPLE_ID", p."FAMILY_ID", p."NAME", '', p."SEX", p."BIRTHDAY", p."NATION", p."RELATIONSHIP", p."MARRIAGE", p."DOMICILE_TYPE", p."TEL_MOBILE", p."PERSONAL_STATS_TAG", p."DEATH_FLAG", p."UPDATE_TIME" from ${TABLE} p where p."PEOPLE_ID" = $1`, [like, missed]);
    await owner.query(`update ${TABLE} set "TEL_MOBILE" = '13900000001' where "PEOPLE_ID" = $1`, [changed]);
    await owner.query(`delete from ${TABLE} where "PEOPLE_ID" = $1`, [vanished]);
    await written(fanout, lost);
    planted.push(`missed ${missed}`, `changed ${changed}`, `vanished ${vanished}`, `lostWrite ${lost}`);
  }
  return planted;
}

/** A death that the police know of: written after the row was read, acknowledged, and not in the office's row. */
async function written(fanout, naturalKey) {
  const at = new Date();
  const targetRef = fanout.refOf({ system: SYSTEM, recordType: 'person', naturalKey });
  const [id, entityId] = [`bench-${naturalKey}`, `p-${naturalKey}`];
  await store.unitOfWork.run(async (tx) => {
    const [police] = await new SourceRecordStore(store.sealing).put(tx, [{
      system: 'hukou', recordType: 'person', naturalKey, order: '1', sourceTime: '2026-01-01T00:00:00+08:00', observedAt: at.toISOString(), state: 'current',
      body: { vitalStatus: 'dead' }, origin: { source: 'bench', position: 1 },
    }]);
    await tx.client.query(`insert into entity (id, record_type, version, state, valid_from, recorded_at, member_count, sealed_golden) values ($1, 'person', 1, 'active', now(), now(), 2, '')`, [entityId]);
    await tx.client.query('insert into crosswalk (record_id, entity_id, linked_at) select id, $2, now() from source_record where id = $1 or record_ref = $3', [police.id, entityId, targetRef]);
    await tx.client.query(
      `insert into delivery (id, target, record_type, target_ref, entity_id, entity_version, cause, action, state, created_at, changed_at) values ($1, $2, 'person', $3, $4, 1, $1, 'update', 'confirmed', $5, $5)`, [id, SYSTEM, targetRef, entityId, at]);
    await fanout.projections.save(tx, SYSTEM, [{ targetRef, recordType: 'person', entityId, naturalKey, deliveryId: id, projection: { fields: { vitalStatus: { value: 'dead', columns: { DEATH_FLAG: '1' } } } } }]);
  });
}

function keyOf(n) {
  return `R01${String(n).padStart(9, '0')}`;
}

function writeCity(cityDir) {
  const people = ['PEOPLE_ID,FAMILY_ID,NAME,ID_CARD,SEX,BIRTHDAY,NATION,RELATIONSHIP,MARRIAGE,DOMICILE_TYPE,TEL_MOBILE,PERSONAL_STATS_TAG,DEATH_FLAG,UPDATE_TIME'];
  const families = ['FAMILY_ID,FAMILY_NAME,FAMILY_CARD_NO,CARD_NO,DOMICILE_CODE,ADDRESS,ASSISTANCE_TYPE,BEGIN_DATE,END_DATE,ACCOUNT_NUMBER,POPULATION,UPDATE_TIME'];
  for (let n = 1; n <= ROWS; n++) {
    const family = `F${String(Math.ceil(n / 4)).padStart(9, '0')}`;
    const time = `2024${String(1 + (n % 12)).padStart(2, '0')}${String(1 + (n % 28)).padStart(2, '0')}${String(n % 24).padStart(2, '0')}${String(n % 60).padStart(2, '0')}00`;
    if (n % 4 === 1) families.push(`${family},Zhang,,C${n},990101001001,1-1-${100 + (n % 30)},01,20200101,,,4,20230101000000`);
    people.push(`${keyOf(n)},${family},Zhang${n},,1,19700101,01,${n % 4 === 1 ? 0 : 2},20,1,13${String(n).padStart(9, '0')},,0,${time}`);
  }
  writeFileSync(path.join(cityDir, SYSTEM, 'BASEINFO_PEOPLE.csv'), `${people.join('\r\n')}\r\n`);
  writeFileSync(path.join(cityDir, SYSTEM, 'BASEINFO_FAMILY.csv'), `${families.join('\r\n')}\r\n`);
}
