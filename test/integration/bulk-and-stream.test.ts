import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { encodeEvent } from '#libs/bus/cloud-event';
import { loadCity } from '#libs/bulk/load-city';
import type { LoadResult } from '#libs/bulk/load-result';
import { authorityRows } from '#libs/connector-sdk/authority-rows';
import { loadConnectors } from '#libs/connector-sdk/load-connector';
import { readSnapshot } from '#libs/connector-sdk/read-snapshot';
import { openCityDirectory, type CityDirectory } from '#libs/intake/city-directory';
import { systemClock } from '#libs/kernel/clock';
import { uuidv7 } from '#libs/kernel/ids';
import { recordKey } from '#libs/kernel/record-key';
import { personModel } from '#libs/matching/match-model';
import { TOPIC, type Command, type SourceRecordAccepted } from '#libs/model/events';
import type { AnySourceRecord } from '#libs/model/source-record';
import { silentLogger } from '#libs/platform/logger';
import { projectRoot } from '#libs/platform/project-root';
import { Sealing } from '#libs/platform/sealing';
import { storedPartitionHash } from '#libs/resolution/partition-reader';
import { resolutionService } from '#libs/resolution/resolution-module';
import { openDataSource, poolOf } from '#libs/store/data-source';
import { authorityTable } from '#libs/survivorship/authority';
import { HUB_AUTHORITY } from '#libs/survivorship/hub-authority';
import { createTestDatabase, type TestDatabase } from '#test/support/test-database';

const sealing = new Sealing({ current: 1, sealing: new Map([[1, randomBytes(32)]]), index: randomBytes(32) });
const connectors = loadConnectors(path.join(projectRoot(), 'connectors'));
const authority = authorityTable([...connectors.flatMap(authorityRows), ...HUB_AUTHORITY]);
const cityDir = path.join(projectRoot(), 'test/fixtures/sample-city');

/** Records of the city as its streams would bring them. */
async function recordsOf(city: CityDirectory): Promise<AnySourceRecord[]> {
  const records: AnySourceRecord[] = [];
  for (const connector of connectors) {
    for await (const batch of readSnapshot(connector, city.dir, city)) {
      for (const row of batch.rows) if (row.kind === 'accepted') records.push(...row.records);
    }
  }
  return records;
}

/** Fisher–Yates with a small generator, so that a failing order can be seen again. */
function shuffled<T>(items: readonly T[], seed: number): T[] {
  const out = [...items];
  let state = seed;
  for (let i = out.length - 1; i > 0; i--) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const j = state % (i + 1);
    [out[i], out[j]] = [out[j]!, out[i]!];
  }
  return out;
}

describe('the partition', () => {
  let bulk: TestDatabase;
  let city: CityDirectory;
  let loaded: LoadResult;

  beforeAll(async () => {
    city = await openCityDirectory(cityDir);
    bulk = await createTestDatabase();
    const owner = await openDataSource({ url: bulk.ownerUrl, poolSize: 2, as: 'owner' });
    loaded = await loadCity({ owner, sealing, clock: systemClock, model: personModel(), connectors, authority, restricted: new Set(['corrections', 'party-volunteer']) }, city, () => undefined);
    await owner.destroy();
  }, 120_000);
  afterAll(() => bulk.drop());

  it('of a load is what its store holds', async () => {
    expect(await storedPartitionHash(bulk.pool, sealing)).toBe(loaded.partitionHash);
  });

  it('balances: rows read = accepted + superseded + void + dead', () => {
    for (const r of Object.values(loaded.rows)) expect(r.read).toBe(r.accepted + r.superseded + r.void + r.dead);
  });

  it.each([[1, 100], [2, 7], [3, 1000]])('is the same through the stream, in any order (order %i, batches of %i)', async (seed, batchSize) => {
    expect(await streamed(shuffled(await recordsOf(city), seed).map(message), batchSize)).toBe(loaded.partitionHash);
  }, 300_000);

  it('is the same whether a decision comes before, between or after the records it names', async () => {
    const records = await recordsOf(city);
    const persons = shuffled(records.filter((r) => r.recordType === 'person'), 5).slice(0, 60);
    const entries = persons.map((_, i): AnySourceRecord => ({
      system: 'hub', recordType: 'person', naturalKey: `entry-${i}`, order: '1', observedAt: '2026-03-31T00:00:00.000Z', state: 'current',
      body: { phones: [{ number: String(13_900_000_000 + i) }] }, origin: { source: 'test', position: i },
    }));
    const links = persons.map((p, i): StreamMessage => ({
      topic: TOPIC.command, data: { kind: 'link', decisionId: `decision-${i}`, records: [`hub:person:entry-${i}`, recordKey(p.system, p.recordType, p.naturalKey)], actor: 'test', reason: 'test' },
    }));
    const all = [...records, ...entries].map(message);
    const after = await streamed([...all, ...links], 1000);
    expect(after).not.toBe(loaded.partitionHash);
    expect(await streamed([...links, ...shuffled(all, 1)], 100)).toBe(after);
    expect(await streamed(shuffled([...all, ...links], 2), 7)).toBe(after);
  }, 300_000);
});

type StreamMessage = { topic: typeof TOPIC.sourceRecordAccepted; data: SourceRecordAccepted } | { topic: typeof TOPIC.command; data: Command };

function message(record: AnySourceRecord): StreamMessage {
  return { topic: TOPIC.sourceRecordAccepted, data: { record } };
}

/** The partition hash of a store that got these messages, batches of one topic as the log gives them. */
async function streamed(messages: readonly StreamMessage[], batchSize: number): Promise<string> {
  const db = await createTestDatabase();
  try {
    const service = resolutionService({ dataSource: db.dataSource, sealing, clock: systemClock, logger: silentLogger, model: personModel() });
    for (let at = 0; at < messages.length; ) {
      const { topic } = messages[at]!;
      const end = messages.findIndex((m, i) => i > at && (i >= at + batchSize || m.topic !== topic));
      const batch = messages.slice(at, end === -1 ? undefined : end);
      await service.handle({
        topic, partition: 0,
        messages: batch.map(({ data }, i) => ({
          key: 'k', headers: {}, topic, partition: 0, offset: String(at + i),
          value: encodeEvent(sealing, { id: uuidv7(Date.now()), type: topic, source: '/intake', time: new Date().toISOString(), data }),
        })),
      });
      at += batch.length;
    }
    return await storedPartitionHash(poolOf(db.dataSource), sealing);
  } finally {
    await db.drop();
  }
}
