import path from 'node:path';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import readXlsxFile from 'read-excel-file/node';
import { loadConnector } from '#libs/connector-sdk/load-connector';
import type { TargetChannel } from '#libs/connector-sdk/target-channel';
import { ChangePlanner } from '#libs/fanout/change-planner';
import { proposalsOf } from '#libs/fanout/propose-agreements';
import { targetOf, type Target } from '#libs/fanout/target';
import { TargetSender } from '#libs/fanout/target-sender';
import { Workbooks } from '#libs/fanout/workbooks';
import type { PersonBody } from '#libs/model/bodies';
import type { AnySourceRecord } from '#libs/model/source-record';
import { silentLogger } from '#libs/platform/logger';
import { projectRoot } from '#libs/platform/project-root';
import { fanoutStage, nameOf, personRecord, type FanoutStage } from '#test/support/fanout-stage';

jest.setTimeout(180_000);
const SYSTEM = 'party-volunteer';
const HIDDEN_PHONE = '13900000041';
const OPEN_PHONE = '13900000042';

let stage: FanoutStage;
let office: Target;
let workbooks: Workbooks;
let n = 0;

beforeAll(async () => {
  stage = await fanoutStage();
  const connectors = [SYSTEM, 'smart-community', 'grid'].map((id) => loadConnector(path.join(projectRoot(), 'connectors', id)));
  await stage.store.unitOfWork.run(async (tx) => {
    await stage.store.agreements.propose(tx, proposalsOf(connectors));
    await stage.store.agreements.approve(tx, {}, 'test');
    await stage.store.connections.rehearsed(tx, SYSTEM, 0);
    await stage.store.connections.approve(tx, SYSTEM, 'test');
  });
  office = targetOf(connectors[0]!);
  workbooks = new Workbooks(stage.store, connectors.map(targetOf), connectors);
}, 60_000);
afterAll(() => stage.close());

const account = (key: string, consents: string[], order: string): AnySourceRecord =>
  personRecord('smart-community', key, { name: nameOf('张伟强'), phones: [{ number: HIDDEN_PHONE, verified: true }], facets: { communityAccount: { consents } } } as PersonBody, { order });

/** Written for the office: taken at once, for it to download. */
async function send(id: string, version: number, cause: string): Promise<void> {
  stage.clock.advance(1000);
  await new ChangePlanner(stage.store, office).plan([stage.change(id, version, ['phones'], [cause])]);
  const channel: TargetChannel = { maxItems: 100, write: (items) => Promise.resolve(items.map(() => ({ outcome: 'accepted' as const }))) };
  const news = { minted: () => Promise.resolve(), readBack: () => Promise.resolve(), deadLetters: () => Promise.resolve() };
  await new TargetSender(office, channel, stage.store, news, silentLogger, () => 0).sendDue(new AbortController().signal);
}
/** A member of the office's rolls whose own account says a phone, by consent. */
async function member(): Promise<{ id: string; key: string }> {
  const [id, key] = [`p-${++n}`, `u${n}`];
  await stage.person(id, personRecord(SYSTEM, `DY${n}`, { name: nameOf('张伟强') }, { legacy: { 姓名: '张伟强', 所在支部: '一支部' } }), account(key, ['share-profile'], '1'));
  await send(id, 2, `smart-community:person:${key}`);
  return { id, key };
}
const states = async (id: string) => (await stage.store.deliveries.list({ target: SYSTEM, entityId: id, limit: 10 })).map((d) => [d.state, d.reasonCode]);
const texts = async (book: { bytes: Buffer } | undefined) => JSON.stringify(book === undefined ? [] : await readXlsxFile(book.bytes));

it('a phone leaves while its resident agrees', async () => {
  const m = await member();
  expect(await states(m.id)).toEqual([['written', undefined]]);
  expect(await texts(await workbooks.download(SYSTEM))).toContain(HIDDEN_PHONE);
  expect(await states(m.id)).toEqual([['pickedUp', undefined]]);
});

it('a phone whose consent was taken back before the download stays, though another phone may go', async () => {
  const m = await member();
  await stage.person(m.id, account(m.key, [], '2'), personRecord('grid', `g${n}`, { name: nameOf('张伟强'), phones: [{ number: OPEN_PHONE }] }));
  expect(await texts(await workbooks.download(SYSTEM))).not.toContain(HIDDEN_PHONE);
  expect(await states(m.id)).toEqual([['notShared', 'nothingLeft']]);
  await send(m.id, 3, `grid:person:g${n}`);
  expect(await texts(await workbooks.download(SYSTEM))).toContain(OPEN_PHONE);
});

it('what never left is not taken for written: given leave again, it is sent again', async () => {
  const m = await member();
  await stage.person(m.id, account(m.key, [], '2'));
  expect(await workbooks.download(SYSTEM)).toBeUndefined();
  await stage.person(m.id, account(m.key, ['share-profile'], '3'));
  await send(m.id, 3, `smart-community:person:${m.key}`);
  expect(await texts(await workbooks.download(SYSTEM))).toContain(HIDDEN_PHONE);
});
