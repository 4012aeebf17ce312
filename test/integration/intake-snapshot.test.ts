import { appendFileSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { loadCity } from '#libs/bulk/load-city';
import { authorityRows } from '#libs/connector-sdk/authority-rows';
import { openCityDirectory } from '#libs/intake/city-directory';
import { systemClock } from '#libs/kernel/clock';
import { personModel } from '#libs/matching/match-model';
import { TOPIC } from '#libs/model/events';
import { silentLogger } from '#libs/platform/logger';
import { storedPartitionHash } from '#libs/resolution/partition-reader';
import { resolutionService } from '#libs/resolution/resolution-module';
import { openDataSource } from '#libs/store/data-source';
import { authorityTable } from '#libs/survivorship/authority';
import { HUB_AUTHORITY } from '#libs/survivorship/hub-authority';
import { intakeStage, type IntakeStage } from '#test/support/intake-stage';
import { createTestDatabase } from '#test/support/test-database';

jest.setTimeout(120_000);

let stage: IntakeStage;
beforeEach(async () => { stage = await intakeStage(); });
afterEach(() => stage.end());

const file = (...parts: string[]): string => path.join(stage.dir, ...parts);
const state = (system: string) => stage.one<{ state: string; code: string | null } | undefined>('select state, code from connector_state where system = $1', [system]);
const counts = `coalesce(sum(rows_read), 0)::int as read, coalesce(sum(rows_accepted), 0)::int as accepted, coalesce(sum(rows_superseded), 0)::int as superseded,
  coalesce(sum(rows_void), 0)::int as void, coalesce(sum(rows_dead), 0)::int as dead`;

describe('a city directory through the log', () => {
  it('gives the counts, the dead letters and the partition of the bulk load', async () => {
    const all = stage.connectors.map((c) => c.id);
    await stage.look(all);
    const city = await openCityDirectory(stage.dir);
    const bulk = await createTestDatabase();
    const fresh = await createTestDatabase();
    try {
      const owner = await openDataSource({ url: bulk.ownerUrl, poolSize: 2, as: 'owner' });
      const { sealing, connectors } = stage;
      const authority = authorityTable([...connectors.flatMap(authorityRows), ...HUB_AUTHORITY]);
      const loaded = await loadCity({ owner, sealing, clock: systemClock, model: personModel(), connectors, authority, restricted: new Set(['corrections', 'party-volunteer']) }, city, () => undefined).finally(() => owner.destroy());
      const rows = Object.fromEntries((await stage.db.pool.query(`select system, ${counts} from snapshot_file group by system`)).rows.map(({ system, ...r }) => [system, r]));
      expect(rows).toEqual(loaded.rows);
      const letters = 'select system, origin_source, origin_position, code, reason from dead_letter order by 1, 2, 3, 4';
      expect((await stage.db.pool.query(letters)).rows).toEqual((await bulk.pool.query(letters)).rows);
      const told = stage.log.published.filter((p) => p.topic === TOPIC.deadLetter);
      expect(told).toHaveLength((await bulk.pool.query(letters)).rowCount!);

      const service = resolutionService({ dataSource: fresh.dataSource, sealing, clock: systemClock, logger: silentLogger, model: personModel() });
      const messages = stage.log.published.filter((p) => p.topic === TOPIC.sourceRecordAccepted)
        .map(({ topic, message }, i) => ({ ...message, topic, headers: {}, partition: 0, offset: String(i) }));
      for (let at = 0; at < messages.length; at += 500) await service.handle({ topic: TOPIC.sourceRecordAccepted, partition: 0, messages: messages.slice(at, at + 500) });
      expect(await storedPartitionHash(fresh.pool, sealing)).toBe(loaded.partitionHash);
    } finally {
      await bulk.drop();
      await fresh.drop();
    }
  });

  it('reads a file once, and the same name with new content again', async () => {
    const running = await stage.look(['grid']);
    const first = stage.accepted();
    await stage.look(['grid'], running);
    await stage.look(['grid']);
    expect(stage.accepted()).toHaveLength(first.length);
    const lines = readFileSync(file('grid/persons.jsonl'), 'utf8').trimEnd().split('\n');
    const row = JSON.parse(lines.find((l) => l.startsWith('{"id":"'))!) as { updateTime: string };
    appendFileSync(file('grid/persons.jsonl'), `${JSON.stringify({ ...row, updateTime: '2026-03-31 23:00:00' })}\n`);
    await stage.look(['grid'], running);
    expect((await stage.one<{ n: string }>('select count(*) as n from snapshot_file')).n).toBe('2');
    // One row more, and it supersedes another of the same file.
    const both = (await stage.db.pool.query(`select ${counts} from snapshot_file group by started_at order by started_at`)).rows;
    expect(both[1]).toEqual({ ...both[0], read: both[0].read + 1, superseded: both[0].superseded + 1 });
    // The letters of the new file are its own: file digest and position name them.
    expect((await stage.one<{ n: number }>('select count(distinct origin_source)::int as n from dead_letter')).n).toBe(2);
  });

  it('goes on behind the watermark after a kill, and publishes the same ids again where the kill came between log and watermark', async () => {
    // More than one batch, so that the kill falls inside the file.
    const row = JSON.parse(readFileSync(file('grid/persons.jsonl'), 'utf8').split('\n').find((l) => l.startsWith('{"id":"'))!) as object;
    for (let n = 0; n < 1000; n++) appendFileSync(file('grid/persons.jsonl'), `${JSON.stringify({ ...row, id: `K${n}` })}\n`);
    stage.log.failAfter = 2;
    await expect(stage.look(['grid'])).rejects.toMatchObject({ code: 'YICI_INTAKE_NOT_TAKEN', retriable: true });
    const { position } = await stage.one<{ position: { position: number } }>('select position from watermark');
    expect(position.position).toBe(800);
    const before = stage.accepted();
    expect(Math.max(...before.map((a) => a.record.origin.position))).toBe(800);
    expect(await stage.one('select state from snapshot_file')).toEqual({ state: 'reading' });

    stage.log.failAfter = Infinity;
    await stage.look(['grid']);
    const whole = stage.accepted();
    expect(Math.min(...whole.slice(before.length).map((a) => a.record.origin.position))).toBe(801);
    const ids = whole.map((a) => a.id);
    expect(new Set(ids).size).toBe(ids.length);
    // As a kill between the log's acknowledgement and the watermark: the rows come again, under the ids they had.
    await stage.db.pool.query(`update watermark set position = jsonb_set(position, '{position}', '0')`);
    await stage.db.pool.query(`update snapshot_file set state = 'reading'`);
    const letters = await stage.one<{ n: string }>('select count(*) as n from dead_letter');
    await stage.look(['grid']);
    expect(new Set(stage.accepted().map((a) => a.id))).toEqual(new Set(ids));
    expect(stage.accepted()).toHaveLength(ids.length * 2);
    expect(await stage.one('select count(*) as n from dead_letter')).toEqual(letters);
    expect((await stage.db.pool.query('select state from snapshot_file')).rows).toEqual([{ state: 'read' }]);
  });
});

describe('a file that is not what was agreed', () => {
  it('stops its connector alone, with an alarm, and the connector runs again when a good file lies there', async () => {
    const original = readFileSync(file('hukou/HJXX_CZRKJBXXB.csv'));
    const renamed = Buffer.from(original.toString('latin1').replace('GMSFHM', 'SFZHM'), 'latin1');
    writeFileSync(file('hukou/HJXX_CZRKJBXXB.csv'), renamed);
    const running = await stage.look(['hukou', 'grid']);
    expect(await state('hukou')).toEqual({ state: 'stopped', code: 'YICI_SNAPSHOT_SCHEMA_DRIFT' });
    expect(await state('grid')).toEqual({ state: 'running', code: null });
    expect(stage.events).toContainEqual(expect.objectContaining({ level: 'error', event: 'intake.connectorStopped', system: 'hukou', code: 'YICI_SNAPSHOT_SCHEMA_DRIFT' }));
    expect(await stage.states.health()).toEqual({ state: 'degraded', reason: 'not reading hukou' });
    expect((await stage.metrics.page()).text).toMatch(/yici_intake_connector_up\{system="hukou"\} 0/);
    // No silent nulls: not one person of the drifted file is on the log, the grid's are.
    expect(new Set(stage.accepted().map((a) => `${a.record.system} ${a.record.recordType}`))).toEqual(new Set(['hukou household', 'grid person', 'grid household']));

    writeFileSync(file('hukou/HJXX_CZRKJBXXB.csv'), original);
    await stage.look(['hukou'], running);
    expect(await state('hukou')).toEqual({ state: 'running', code: null });
    expect(await stage.states.health()).toEqual({ state: 'up' });
    expect(stage.accepted().some((a) => a.record.system === 'hukou' && a.record.recordType === 'person')).toBe(true);
  });

  it('stops its connector when it cannot be read at all', async () => {
    writeFileSync(file('party-volunteer/党员志愿者花名册_202603.xlsx'), 'no workbook');
    await stage.look(['party-volunteer']);
    expect(await state('party-volunteer')).toEqual({ state: 'stopped', code: 'YICI_SNAPSHOT_UNREADABLE' });
    expect(stage.accepted()).toEqual([]);
    expect((await stage.one<{ state: string }>('select state from snapshot_file')).state).toBe('refused');
  });

  it('waits without its manifest, stops nothing, and is read when the manifest comes', async () => {
    renameSync(file('disability/CJR_20260331.OK'), file('disability/later'));
    const running = await stage.look(['disability']);
    expect(stage.accepted()).toEqual([]);
    expect(await state('disability')).toMatchObject({ state: 'running' });
    expect(stage.events).toContainEqual(expect.objectContaining({ event: 'intake.fileRefused', system: 'disability', code: 'YICI_SNAPSHOT_NOT_READY' }));
    renameSync(file('disability/later'), file('disability/CJR_20260331.OK'));
    await stage.look(['disability'], running);
    expect(stage.accepted().length).toBeGreaterThan(0);
  });

  it('no longer stops the connector when a file of a later date is sound', async () => {
    writeFileSync(file('social-insurance/GRCB_20260228.txt'), 'a|b\n'.repeat(30));
    writeFileSync(file('social-insurance/GRCB_20260228.END'), '30\n');
    const march = ['GRCB_20260331.txt', 'GRCB_20260331.END'];
    for (const name of march) renameSync(file('social-insurance', name), file(name));
    const running = await stage.look(['social-insurance']);
    expect(await state('social-insurance')).toEqual({ state: 'stopped', code: 'YICI_SNAPSHOT_SCHEMA_DRIFT' });
    for (const name of march) renameSync(file(name), file('social-insurance', name));
    await stage.look(['social-insurance'], running);
    expect(await state('social-insurance')).toEqual({ state: 'running', code: null });
  });
});

describe('a replay', () => {
  const letterOf = (where: string) => stage.one<{ id: string; system: string }>(`select id, system from dead_letter where ${where} order by id limit 1`);
  const letter = (id: string) => stage.one<{ code: string; reason: string; replayed_at: Date | null }>('select code, reason, replayed_at from dead_letter where id = $1', [id]);

  it('leaves a letter that still cannot be read, with the reason of today', async () => {
    await stage.look(['grid']);
    const { id } = await letterOf(`system = 'grid'`);
    const before = await letter(id);
    const published = stage.accepted().length;
    await stage.replays.replay(id);
    expect(await letter(id)).toEqual(before);
    expect(stage.accepted()).toHaveLength(published);
  });

  it.each(['corrections', 'disability', 'family-planning', 'residence-permit', 'smart-community'])('publishes a row of %s that the mended reader understands, and marks its letter', async (system) => {
    await stage.look([system]);
    // What a mended mapping makes of a dead row: the kept bytes are those of a row that can be read.
    const sound = stage.accepted().find((a) => a.record.recordType === 'person')!;
    const bytes = await bytesOf(system, sound.record.origin);
    const { id } = await stage.one<{ id: string }>(
      `insert into dead_letter (id, system, record_type, code, stage, reason, origin_source, origin_position, sealed_bytes, created_at)
       values ('letter', $1, 'person', 'YICI_ROW_KEY_MISSING', 'mapping', 'x', $2, $3, $4, now()) returning id`,
      [system, sound.record.origin.source, sound.record.origin.position + 100_000, stage.sealing.seal(bytes)]);
    const published = stage.accepted().length;
    await stage.replays.replay(id);
    const again = stage.accepted().slice(published);
    expect(again[0]!.record).toEqual({ ...sound.record, origin: { ...sound.record.origin, position: sound.record.origin.position + 100_000 } });
    expect((await letter(id)).replayed_at).not.toBeNull();
  });

  it('says what it needs where one row alone would lose values', async () => {
    await stage.look(['hukou']);
    const { id } = await letterOf(`system = 'hukou' and record_type = 'person'`);
    await stage.replays.replay(id);
    expect(await letter(id)).toMatchObject({ code: 'YICI_REPLAY_NEEDS_FILE', replayed_at: null });
  });

  it('leaves letters of other rooms alone', async () => {
    await stage.db.pool.query(
      `insert into dead_letter (id, system, record_type, code, stage, reason, origin_source, origin_position, sealed_bytes, created_at)
       values ('sent', 'grid', 'person', 'YICI_X', 'sending', 'x', 'delivery:1', 0, $1, now())`, [stage.sealing.seal('x')]);
    await stage.replays.replay('sent');
    await stage.replays.replay('none');
    expect(await letter('sent')).toMatchObject({ code: 'YICI_X', replayed_at: null });
  });

  it('puts a message that resolution set aside onto its topic again, with its id', async () => {
    await stage.look(['grid']);
    const { message } = stage.log.published.find((p) => p.topic === TOPIC.sourceRecordAccepted)!;
    await stage.db.pool.query(
      `insert into dead_letter (id, system, record_type, code, stage, reason, origin_source, origin_position, sealed_bytes, created_at)
       values ('aside', 'hub', 'unknown', 'YICI_RESOLUTION_FAILED', 'resolving', 'x', $1, 7, $2, now())`, [`${TOPIC.sourceRecordAccepted}/3`, stage.sealing.seal(message.value)]);
    await stage.replays.replay('aside');
    expect(stage.accepted().at(-1)!.id).toBe(stage.accepted()[0]!.id);
    expect((await letter('aside')).replayed_at).not.toBeNull();
  });

  /** The original bytes of a row, as its reader cuts them. */
  async function bytesOf(system: string, origin: { source: string; position: number }): Promise<Uint8Array> {
    const { readFormat } = await import('#libs/connector-sdk/formats/read-format');
    const { cityFiles, fileDigest, tableFiles } = await import('#libs/connector-sdk/snapshot-files');
    const connector = stage.connectors.find((c) => c.id === system)!;
    for (const f of tableFiles(connector, cityFiles(connector, stage.dir))) {
      if ((await fileDigest(f.file)) !== origin.source) continue;
      for await (const rows of readFormat(f.file, f.table.read)) for (const row of rows) if (row.position === origin.position) return Buffer.from(row.bytes);
    }
    throw new Error('no such row');
  }
});
