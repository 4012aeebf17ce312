import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { UndoLine } from '#libs/model/undo-line';
import type { PersonBody } from '#libs/model/bodies';
import type { AnySourceRecord } from '#libs/model/source-record';
import { startFamilyPlanning } from '#libs/synthetic/simulators/family-planning-simulator';
import { startHukou } from '#libs/synthetic/simulators/hukou';
import { liveHub, type LiveHub } from '#test/support/live-hub';
import { until } from '#test/support/until';

// Merges that were wrong, as their targets meet them: one that takes tickets, and one that takes files.
jest.setTimeout(240_000);

const FILES = 'family-planning';
const simulators = { hukou: startHukou, [FILES]: startFamilyPlanning };
let live: LiveHub<typeof simulators>;

type Line = UndoLine & { delivery?: { state: string } };
const steward = () => live.as('steward');
const lineOf = (lines: Line[], target: string): Line => lines.find((l) => l.target === target)!;
const bodyOf = (r: AnySourceRecord): PersonBody => r.body as PersonBody;
const keyOf = (r: AnySourceRecord): string => `${r.system}:person:${r.naturalKey}`;
const sfzh = async (r: AnySourceRecord): Promise<unknown> => (await live.simulators[FILES].record(r.naturalKey))!['SFZH'];

/** Persons of a system that nobody else knows. */
async function alone(system: string): Promise<AnySourceRecord[]> {
  const found = await live.db.pool.query<{ sealed_key: Buffer }>(
    `select s.sealed_key from source_record s join crosswalk c on c.record_id = s.id where s.system = $1 and s.record_type = 'person' and s.state = 'current' and not s.test
       and not c.attached and (select count(*) from crosswalk d where d.entity_id = c.entity_id) = 1 order by s.id`, [system]);
  const records = await live.records(system);
  return found.rows.map((r) => records.get(live.hub.parts.store.sealing.openText(r.sealed_key))!);
}

async function linked(a: AnySourceRecord, b: AnySourceRecord): Promise<string> {
  const answer = await steward()('POST', '/decisions', { body: { kind: 'link', records: [keyOf(a), keyOf(b)] } });
  expect(answer.status).toBe(202);
  await until(async () => [await live.entityOf(keyOf(a)), await live.entityOf(keyOf(b))], ([x, y]) => x === y);
  return answer.body.decisionId as string;
}
const previewed = async (decisionId: string): Promise<Line[]> => (await steward()('POST', '/decisions/preview', { body: { kind: 'revoke', decisionId } })).body;
async function revoked(decisionId: string): Promise<string> {
  const answer = await steward()('POST', '/decisions', { body: { kind: 'revoke', decisionId } });
  expect(answer.status).toBe(202);
  return answer.body.decisionId as string;
}
const receipt = async (decisionId: string): Promise<Line[]> => (await steward()('GET', `/decisions/${decisionId}/receipt`)).body;
/** The office's next file, taken in. */
async function echoed(): Promise<void> {
  const read = async (): Promise<number> => Number((await live.sql(`select count(*) as n from snapshot_file where system = '${FILES}' and state = 'read'`))[0]!['n']);
  const before = await read();
  await live.simulators[FILES].publish();
  await until(read, (n) => n > before);
  await live.drained();
}

/** In the register: of valid number, each for one wrong merge. */
let registered: AnySourceRecord[];
let filed: AnySourceRecord[];

beforeAll(async () => {
  live = await liveHub({ simulators, snapshots: ['grid'], quick: true });
  for (const system of ['hukou', FILES, 'grid']) await live.arrived(system);
  await live.connect('hukou');
  await live.connect(FILES);
  registered = (await alone('hukou')).filter((r) => bodyOf(r).citizenId?.status === 'valid' && bodyOf(r).vitalStatus !== 'dead' && bodyOf(r).registeredAddress?.room !== undefined);
  filed = await alone(FILES);
}, 240_000);
afterAll(() => live?.close(), 60_000);

describe('a wrong merge, told to a target of files', () => {
  it('is put back by the next file: the row gets the value it had before, also after its echo was read', async () => {
    const mine = filed.find((r) => bodyOf(r).citizenId?.status === 'valid')!;
    const [other] = registered;
    const own = await sfzh(mine);
    const link = await linked(mine, other!);
    await until(() => sfzh(mine), (id) => id === bodyOf(other!).citizenId!.value);
    await echoed();
    const line = lineOf(await previewed(link), FILES);
    expect(line.cannotUndo).toEqual([]);
    expect(line.records).toBeGreaterThan(0);
    expect(line.willWrite).toContain('SFZH');
    const before = (await live.simulators[FILES].written()).length;
    const undo = await revoked(link);
    await until(() => sfzh(mine), (id) => id === own);
    const told = await until(() => receipt(undo), (lines) => ['pickedUp', 'confirmed'].includes(lineOf(lines, FILES)?.delivery?.state ?? ''));
    expect(lineOf(told, FILES).willWrite).toEqual(line.willWrite);
    await echoed();
    // It is the row's own value again: there is nothing more to write.
    expect((await live.simulators[FILES].written()).slice(before).filter((w) => w.columns['SFZH'] !== undefined)).toEqual([expect.objectContaining({ key: mine.naturalKey, answer: 'taken' })]);
    expect(JSON.stringify(told)).not.toMatch(/\d{17}[\dX]/);
  });

  it('says which columns no value is known for, and whom to ask', async () => {
    // Its office knows no number and no address of somebody new.
    const key = await live.simulators[FILES].add({ XM: '欧阳无址', XB: '1', CSRQ: '19700102', HYZK: '10' });
    await echoed();
    const empty = (await until(() => live.records(FILES), (all) => all.has(`${FILES}:person:${key}`))).get(`${FILES}:person:${key}`)!;
    const other = registered[1]!;
    const link = await linked(empty, other);
    await until(() => sfzh(empty), (id) => id === bodyOf(other).citizenId!.value);
    const line = lineOf(await previewed(link), FILES);
    expect(line.willWrite).not.toContain('SFZH');
    expect(line).toMatchObject({ ask: expect.stringMatching(/卫健/), cannotUndo: [{ reasonCode: 'nothingToPutBack', columns: expect.arrayContaining(['SFZH']), zh: expect.any(String), en: expect.any(String) }] });
    const undo = await revoked(link);
    await until(async () => [await live.entityOf(keyOf(empty)), await live.entityOf(keyOf(other))], ([x, y]) => x !== y);
    expect(lineOf(await receipt(undo), FILES)).toMatchObject({ cannotUndo: line.cannotUndo, ask: line.ask });
  });

  it('says which columns cannot hold what stood there before', async () => {
    const damaged = filed.find((r) => bodyOf(r).citizenId !== undefined && !['valid', 'upgraded'].includes(bodyOf(r).citizenId!.status) && /^\d{17}[\dX]$/.test(bodyOf(r).citizenId!.value ?? ''))!;
    expect(damaged).toBeDefined();
    const other = registered[2]!;
    const link = await linked(damaged, other);
    await until(() => sfzh(damaged), (id) => id === bodyOf(other).citizenId!.value);
    const line = lineOf(await previewed(link), FILES);
    expect(line.cannotUndo).toEqual([expect.objectContaining({ reasonCode: 'cannotBeSaid', columns: ['SFZH'] })]);
    expect(line.ask).toMatch(/卫健/);
    await revoked(link);
  });
});

describe('a wrong merge, told to a target of tickets', () => {
  it('cannot be taken back: the ticket is there, and the department to ask is named', async () => {
    const settler = (await alone('grid')).find((r) => bodyOf(r).currentAddress?.room !== undefined && bodyOf(r).currentAddress?.building !== undefined)!;
    const other = registered.slice(3).find((r) => bodyOf(r).registeredAddress!.building !== bodyOf(settler).currentAddress!.building)!;
    const before = (await live.simulators.hukou.written()).length;
    const link = await linked(settler, other);
    const ticket = (await until(() => live.simulators.hukou.written(), (all) => all.length > before)).at(-1)!;
    expect(ticket.columns).toMatchObject({ GDLX: '03' });
    const told = await until(() => previewed(link), (lines) => lineOf(lines, 'hukou').cannotUndo.length > 0);
    expect(lineOf(told, 'hukou')).toMatchObject({ records: 1, willWrite: [], reasonCode: 'ticketsOnly', ask: expect.stringMatching(/公安/), cannotUndo: [{ reasonCode: 'ticketTold', columns: [] }] });
    const undo = await revoked(link);
    await until(async () => [await live.entityOf(keyOf(settler)), await live.entityOf(keyOf(other))], ([x, y]) => x !== y);
    expect(lineOf(await receipt(undo), 'hukou')).toMatchObject({ cannotUndo: [{ reasonCode: 'ticketTold' }] });
    // A second ticket would not undo the first.
    await live.drained();
    expect(await live.simulators.hukou.written()).toHaveLength(before + 1);
  });
});
