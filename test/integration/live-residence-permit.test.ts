import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Fanout } from '#libs/fanout/fanout';
import type { Intake } from '#libs/intake/intake';
import type { Fault } from '#libs/synthetic/simulators/faults';
import { TOPIC } from '#libs/model/events';
import { startResidencePermit } from '#libs/synthetic/simulators/residence-permit-simulator';
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
  live = await soapStage('residence-permit', startResidencePermit);
  keys = await live.simulator.keys();
  intake = await live.startIntake();
  fanout = await live.startFanout();
});
afterEach(() => live.simulator.faults.clear());
afterAll(() => live.end());

const place = (room: string) => ({ raw: `幸福家园3幢${room}室`, division: '990101001002', estate: '幸福家园', building: '3', room });
const ID = { status: 'valid' as const, value: '990101196203150315' };
const arrival = (name: string) => ({ name: nameOf(name), citizenId: ID, currentAddress: place('102') });

describe('residence-permit over SOAP 1.1', () => {
  it('brings the very records and dead letters of its snapshot', async () => {
    await until(() => live.stage.db.pool.query(`select 1 from watermark where system = 'residence-permit'`), (r) => r.rowCount === 1);
    const expected = await live.snapshot();
    const byKey = (records: readonly { naturalKey: string }[]) => new Map(records.map((r) => [r.naturalKey, timeless(r as never)]));
    expect(byKey(live.accepted())).toEqual(byKey(expected.records));
    expect(await live.letters()).toEqual(expected.dead.map((d) => d.code).sort());
    expect(await live.state()).toMatchObject({ state: 'running' });
  });

  it('brings a change and somebody new, once each', async () => {
    const [key] = keys;
    await live.simulator.change(key!, { LXDH: '13800000001', XM: '王䶮' });
    const minted = await live.simulator.add({ XM: '李新', SFZH: '', XZZ: '幸福家园3幢201室' });
    const found = await live.arrivals(minted, key!);
    expect(found.map((r) => r.naturalKey).sort()).toEqual([key, minted].sort());
    expect(found.find((r) => isPerson(r, key!))).toMatchObject({ body: { phones: expect.arrayContaining([expect.objectContaining({ number: '13800000001' })]) } });
  });

  it('goes on where it was after the hub and the system start anew', async () => {
    const [, key] = keys;
    await intake.close();
    await live.simulator.change(key!, { LXDH: '13800000002' });
    await live.restartSimulator();
    intake = await live.startIntake();
    const found = await live.arrivals(key!);
    // Only the window behind the watermark is read again, not the city.
    expect(found.length).toBeLessThan(5);
    expect((await live.simulator.record(key!))!['LXDH']).toBe('13800000002');
  });
});

describe('an entry for residence-permit', () => {
  it('is written in its format, confirmed when it comes back, and ends there', async () => {
    const [, , key] = keys;
    const own = await live.own(key!);
    const entry = await live.entry('p-move', ['currentAddress'], { currentAddress: place('301') }, own);
    await until(() => live.line(entry), (l) => l?.state === 'written');
    expect((await live.simulator.record(key!))!['XZZ']).toBe('幸福家园3幢301室');
    expect(await live.writes(key!)).toEqual([expect.objectContaining({ columns: { XZZ: '幸福家园3幢301室' }, answer: 'taken' })]);
    const found = await live.arrivals(key!);
    await live.echo(fanout, found.filter((r) => isPerson(r, key!)));
    await until(() => live.line(entry), (l) => l?.state === 'confirmed');
    expect(await live.writes(key!)).toHaveLength(1);
  });

  it('registers an arrival once, though the answer is lost', async () => {
    // Only the write meets the fault.
    await intake.close();
    const before = await live.simulator.keys();
    live.simulator.faults.fail({ kind: 'lost-answer' }, 1);
    const entry = await live.entry('p-arrival', ['currentAddress'], arrival('张伟强'));
    await until(() => live.line(entry), (l) => l?.state === 'written');
    intake = await live.startIntake();
    const minted = (await live.simulator.keys()).filter((k) => !before.includes(k));
    expect(minted).toEqual([expect.stringMatching(/^LD\d{9}$/)]);
    expect(await live.writes(minted[0]!)).toHaveLength(2);
    expect(await live.simulator.record(minted[0]!)).toMatchObject({ XM: '张伟强', SFZH: ID.value, XZZ: '幸福家园3幢102室', ZXBZ: '0' });
    expect(live.log.published.filter((p) => p.topic === TOPIC.targetKeyMinted)).toHaveLength(1);
  });

  it('is put into the dead letters when the office refuses it, and nothing of the person in the reason', async () => {
    const own = personRecord('residence-permit', 'LD000000000', { name: nameOf('张伟强'), citizenId: ID, currentAddress: place('101') });
    const entry = await live.entry('p-unknown', ['currentAddress'], { currentAddress: place('302') }, own);
    await until(() => live.line(entry), (l) => l?.state === 'rejected');
    const { rows } = await live.stage.db.pool.query<{ reason: string }>(`select reason from dead_letter where system = 'residence-permit' and stage = 'sending'`);
    expect(rows).toEqual([{ reason: '系统 residence-permit 拒绝写入（code 01: LSH）。residence-permit refused the write (code 01: LSH).' }]);
  });

  it('is refused before anything is written when GBK cannot hold it', async () => {
    const [, , , key] = keys;
    const own = await live.own(key!);
    const entry = await live.entry('p-rare', ['currentAddress'], { currentAddress: { raw: '𫖯家园3幢301室', estate: '𫖯家园', building: '3', room: '301' } }, own);
    await until(() => live.line(entry), (l) => l?.state === 'rejected');
    expect(await live.writes(key!)).toEqual([]);
  });

  it('is told respelt and cut by an office that gives out what it got its own way', async () => {
    const [, , , , key] = keys;
    const own = await live.own(key!);
    live.simulator.faults.fail({ kind: 'echo' });
    const entry = await live.entry('p-echo', ['currentAddress'], { currentAddress: place('305') }, own);
    await until(() => live.line(entry), (l) => l?.state === 'written');
    expect((await live.simulator.record(key!))!['XZZ']).toBe('幸福家园３#３０５');
    const found = await live.arrivals(key!);
    await live.echo(fanout, found.filter((r) => isPerson(r, key!)));
    await until(() => live.line(entry), (l) => l?.state === 'confirmed');
    expect(await live.writes(key!)).toHaveLength(1);
  });
});

describe('trouble of residence-permit', () => {
  it.each<[Fault, string]>([
    [{ kind: 'error' }, 'YICI_SOURCE_UNREACHABLE'],
    [{ kind: 'busy' }, 'YICI_SOURCE_BUSY'],
    [{ kind: 'disconnect' }, 'YICI_SOURCE_UNREACHABLE'],
    [{ kind: 'lost-answer' }, 'YICI_SOURCE_UNREACHABLE'],
    [{ kind: 'html' }, 'YICI_SOURCE_UNREACHABLE'],
    [{ kind: 'soap-fault' }, 'YICI_SOURCE_UNREACHABLE'],
    [{ kind: 'redirect', to: 'http://example.org/' }, 'YICI_REDIRECT_REFUSED'],
  ])('%j stands on its card, and is over when it is over', async (fault, code) => {
    live.simulator.faults.fail(fault);
    expect(await until(() => live.state(), (s) => s?.state === 'disabled' && s.code === code)).toMatchObject({ reason: expect.stringMatching(/^residence-permit could not be read: .+\.$/) });
    live.simulator.faults.clear();
    await until(() => live.state(), (s) => s?.state === 'running');
  });

  it('a slow answer is waited for, and nothing is lost', async () => {
    const [, , , , , key] = keys;
    live.simulator.faults.fail({ kind: 'slow', ms: 800 });
    await live.simulator.change(key!, { LXDH: '13800000003' });
    await live.arrivals(key!);
    expect(await live.state()).toMatchObject({ state: 'running' });
  });

  it('a wrong token disables it, and says so', async () => {
    await intake.close();
    intake = await live.startIntake({ YICI_RESIDENCE_PERMIT_TOKEN: 'another' });
    expect(await until(() => live.state(), (s) => s?.state === 'disabled')).toMatchObject({ code: 'YICI_SOURCE_NOT_AUTHORISED' });
  });

  it('an address that may not be called disables it, and nobody is called', async () => {
    await intake.close();
    intake = await live.startIntake({ YICI_RESIDENCE_PERMIT_URL: 'http://example.org/services' });
    expect(await until(() => live.state(), (s) => s?.code === 'YICI_HOST_NOT_ALLOWED')).toMatchObject({ state: 'disabled', reason: expect.stringContaining('example.org') });
  });

  it('a delivery waits while the office is away, and is written once when it is back', async () => {
    const [, , , , , , key] = keys;
    const own = await live.own(key!);
    live.simulator.faults.fail({ kind: 'busy' });
    const entry = await live.entry('p-busy', ['currentAddress'], { currentAddress: place('306') }, own);
    await until(() => live.line(entry), (l) => l?.state === 'waiting' && l.reasonCode === 'retrying');
    live.simulator.faults.clear();
    await until(() => live.line(entry), (l) => l?.state === 'written');
    expect((await live.writes(key!)).filter((w) => w.answer === 'taken')).toHaveLength(1);
  });
});
