import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Fanout } from '#libs/fanout/fanout';
import type { Intake } from '#libs/intake/intake';
import { TOPIC } from '#libs/model/events';
import type { Fault } from '#libs/synthetic/simulators/faults';
import { startPublicHealth } from '#libs/synthetic/simulators/public-health-simulator';
import { nameOf, personRecord } from '#test/support/fanout-stage';
import { isPerson, soapStage, timeless, type SoapStage } from '#test/support/soap-stage';
import { until } from '#test/support/until';

jest.setTimeout(120_000);

let live: SoapStage;
let intake: Intake;
let fanout: Fanout;
/** Before anybody new got a number. */
let keys: readonly string[];

beforeAll(async () => {
  live = await soapStage('public-health', startPublicHealth);
  keys = await live.simulator.keys();
  intake = await live.startIntake();
  fanout = await live.startFanout();
});
afterEach(() => live.simulator.faults.clear());
afterAll(() => live.end());

const place = (room: string) => ({ raw: `幸福家园3幢${room}室`, division: '990101002001', estate: '幸福家园', building: '3', room });

describe('public-health over SOAP 1.2', () => {
  it('brings the very persons, households and dead letters of its snapshot', async () => {
    await until(() => live.stage.db.pool.query(`select 1 from watermark where system = 'public-health'`), (r) => r.rowCount === 1);
    const expected = await live.snapshot();
    // A household is what each of its members says of it: all of them are compared, not the last.
    const lines = (records: readonly { recordType: string; naturalKey: string }[]) => new Map([...new Set(records.map((r) => JSON.stringify(timeless(r as never))))].sort().map((l) => [l, 1]));
    expect(lines(live.accepted())).toEqual(lines(expected.records));
    // Two of the three are equal byte for byte, and are two letters.
    expect(await live.letters()).toEqual(expected.dead.map((d) => d.code).sort());
    expect(await live.state()).toMatchObject({ state: 'running' });
  });

  it('brings a change and somebody new, once each', async () => {
    const [key] = keys;
    await live.simulator.change(key!, { phone: '13800000001', status: '3' });
    const minted = await live.simulator.add({ name: '李新', divisionCode: '990101002001', address: '幸福家园3幢201室' });
    expect(minted).toMatch(/^990101002001\d{5}$/);
    const found = await live.arrivals(minted, key!);
    expect(found.filter((r) => r.recordType === 'person').map((r) => r.naturalKey).sort()).toEqual([key, minted].sort());
    expect(found.find((r) => isPerson(r, key!))).toMatchObject({ body: { vitalStatus: 'dead' } });
  });

  it('goes on where it was after the hub and the system start anew', async () => {
    const [, key] = keys;
    await intake.close();
    await live.simulator.change(key!, { phone: '13800000002' });
    await live.restartSimulator();
    intake = await live.startIntake();
    const found = await live.arrivals(key!);
    expect(found.length).toBeLessThan(10);
  });
});

describe('an entry for public-health', () => {
  it('is written in its format, confirmed when it comes back, and ends there', async () => {
    const [, , key] = keys;
    const before = await live.simulator.record(key!);
    const entry = await live.entry('p-move', ['currentAddress'], { currentAddress: place('301') }, await live.own(key!));
    await until(() => live.line(entry), (l) => l?.state === 'written');
    expect(await live.writes(key!)).toEqual([expect.objectContaining({ columns: { address: '幸福家园3幢301室', divisionCode: '990101002001' }, answer: 'taken' })]);
    expect(await live.simulator.record(key!)).toEqual({ ...before, address: '幸福家园3幢301室', divisionCode: '990101002001', updateTime: expect.any(String) });
    const found = await live.arrivals(key!);
    await live.echo(fanout, found.filter((r) => isPerson(r, key!)));
    await until(() => live.line(entry), (l) => l?.state === 'confirmed');
    expect(await live.writes(key!)).toHaveLength(1);
  });

  it('opens the file of a newborn once, though the answer is lost', async () => {
    // Only the write meets the fault.
    await intake.close();
    const before = await live.simulator.keys();
    live.simulator.faults.fail({ kind: 'lost-answer' }, 1);
    const newborn = { name: nameOf('张小宝'), sex: '1', birthDate: { date: '2026-10-01', precision: 'day', calendar: 'gregorian' }, currentAddress: place('102') };
    const entry = await live.entry('p-newborn', ['currentAddress'], newborn);
    await until(() => live.line(entry), (l) => l?.state === 'written');
    intake = await live.startIntake();
    const minted = (await live.simulator.keys()).filter((k) => !before.includes(k));
    expect(minted).toEqual([expect.stringMatching(/^990101002001\d{5}$/)]);
    expect(await live.writes(minted[0]!)).toHaveLength(2);
    expect(await live.simulator.record(minted[0]!)).toMatchObject({ name: '张小宝', birth: '20261001', gender: '男', 'gender@code': '1', status: '1', idNo: '' });
    expect(live.log.published.filter((p) => p.topic === TOPIC.targetKeyMinted)).toHaveLength(1);
  });

  it('is put into the dead letters when the station refuses it', async () => {
    const stranger = personRecord('public-health', '99010100200199999', { name: nameOf('张伟强'), currentAddress: place('101') });
    const entry = await live.entry('p-unknown', ['currentAddress'], { currentAddress: place('302') }, stranger);
    await until(() => live.line(entry), (l) => l?.state === 'rejected');
    const { rows } = await live.stage.db.pool.query<{ reason: string }>(`select reason from dead_letter where system = 'public-health' and stage = 'sending'`);
    expect(rows).toEqual([{ reason: '系统 public-health 拒绝写入（code 1: @archiveNo）。public-health refused the write (code 1: @archiveNo).' }]);
  });

  it('ends when the station spells what it got its own way', async () => {
    const [, , , key] = keys;
    live.simulator.faults.fail({ kind: 'echo' });
    const entry = await live.entry('p-echo', ['currentAddress'], { currentAddress: place('305') }, await live.own(key!));
    await until(() => live.line(entry), (l) => l?.state === 'written');
    expect((await live.simulator.record(key!))!['address']).toBe('幸福家园３#３０５');
    const found = await live.arrivals(key!);
    await live.echo(fanout, found.filter((r) => isPerson(r, key!)));
    await until(() => live.line(entry), (l) => l?.state === 'confirmed');
    expect(await live.writes(key!)).toHaveLength(1);
  });
});

describe('trouble of public-health', () => {
  it.each<[Fault, string]>([
    [{ kind: 'error' }, 'YICI_SOURCE_UNREACHABLE'],
    [{ kind: 'busy' }, 'YICI_SOURCE_BUSY'],
    [{ kind: 'soap-fault' }, 'YICI_SOURCE_UNREACHABLE'],
    [{ kind: 'html' }, 'YICI_SOURCE_UNREACHABLE'],
    [{ kind: 'redirect', to: 'http://example.org/' }, 'YICI_REDIRECT_REFUSED'],
  ])('%j stands on its card, and is over when it is over', async (fault, code) => {
    live.simulator.faults.fail(fault);
    await until(() => live.state(), (s) => s?.state === 'disabled' && s.code === code);
    live.simulator.faults.clear();
    await until(() => live.state(), (s) => s?.state === 'running');
  });

  it('a wrong password disables it, says so, and keeps its deliveries waiting', async () => {
    await intake.close();
    intake = await live.startIntake({ YICI_PUBLIC_HEALTH_PASSWORD: 'another' });
    expect(await until(() => live.state(), (s) => s?.state === 'disabled')).toMatchObject({
      code: 'YICI_SOURCE_NOT_AUTHORISED', reason: expect.stringContaining('SOAP fault Sender.FailedAuthentication'),
    });
  });

  it('a delivery waits while the service has a fault of its own, and is written once when it is over', async () => {
    const [, , , , key] = keys;
    live.simulator.faults.fail({ kind: 'soap-fault' });
    const entry = await live.entry('p-fault', ['currentAddress'], { currentAddress: place('306') }, await live.own(key!));
    await until(() => live.line(entry), (l) => l?.state === 'waiting' && l.reasonCode === 'retrying');
    live.simulator.faults.clear();
    await until(() => live.line(entry), (l) => l?.state === 'written');
    expect(await live.writes(key!)).toHaveLength(1);
  });
});
