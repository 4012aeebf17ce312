import path from 'node:path';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { loadConnector } from '#libs/connector-sdk/load-connector';
import type { OutgoingItem, TargetChannel } from '#libs/connector-sdk/target-channel';
import { ChangePlanner } from '#libs/fanout/change-planner';
import { proposalsOf } from '#libs/fanout/propose-agreements';
import { targetOf, type Target } from '#libs/fanout/target';
import { TargetSender } from '#libs/fanout/target-sender';
import type { Address } from '#libs/model/values';
import type { SourceRecord } from '#libs/model/source-record';
import { silentLogger } from '#libs/platform/logger';
import { projectRoot } from '#libs/platform/project-root';
import { SourceRecordStore } from '#libs/store/source-record-store';
import { fanoutStage, nameOf, personRecord, type FanoutStage } from '#test/support/fanout-stage';

jest.setTimeout(180_000);
const HOME: Address = { raw: '幸福家园3幢1单元301', division: '990101001001', estate: '幸福家园', building: '3', unit: '1', room: '301' };
const OTHER: Address = { ...HOME, raw: '幸福家园3幢1单元302', room: '302' };

let stage: FanoutStage;
let housing: Target;
const got: OutgoingItem[] = [];
const channel: TargetChannel = { maxItems: 100, write: (items) => { got.push(...items); return Promise.resolve(items.map(() => ({ outcome: 'accepted' as const }))); } };
const news = { minted: () => Promise.resolve(), readBack: () => Promise.resolve(), deadLetters: () => Promise.resolve() };

beforeAll(async () => {
  stage = await fanoutStage();
  const connectors = ['housing', 'grid'].map((id) => loadConnector(path.join(projectRoot(), 'connectors', id)));
  await stage.store.unitOfWork.run(async (tx) => {
    await stage.store.agreements.propose(tx, proposalsOf(connectors));
    await stage.store.agreements.approve(tx, {}, 'test');
    await stage.store.connections.rehearsed(tx, 'housing', 0);
    await stage.store.connections.approve(tx, 'housing', 'test');
  });
  housing = targetOf(connectors[0]!);
}, 60_000);
afterAll(() => stage.close());

async function house(address: Address, version: number): Promise<void> {
  const record: SourceRecord<'dwelling'> = {
    system: 'housing', recordType: 'dwelling', naturalKey: '9901010010010003000100301', order: String(version), observedAt: `2026-06-0${version}T00:00:00Z`, state: 'current',
    body: { address }, origin: { source: 'test', position: 1 },
  };
  await stage.store.unitOfWork.run(async (tx) => {
    const [put] = await new SourceRecordStore(stage.sealing).put(tx, [record]);
    await tx.client.query(
      `insert into entity (id, record_type, version, state, valid_from, recorded_at, member_count, sealed_golden) values ('d-1', 'dwelling', $1, 'active', now(), now(), 1, '')
       on conflict (id) do update set version = $1`, [version]);
    await tx.client.query(`insert into crosswalk (record_id, entity_id, linked_at) values ($1, 'd-1', now()) on conflict do nothing`, [put!.id]);
  });
  await plan({ id: `d-1-${version}`, data: { entityId: 'd-1', recordType: 'dwelling', version, changed: ['address'], causes: [`housing:dwelling:${record.naturalKey}`], kind: 'updated', initial: false } });
}
async function plan(...messages: Parameters<ChangePlanner['plan']>[0]): Promise<void> {
  await new ChangePlanner(stage.store, housing).plan(messages);
  stage.clock.advance(1000);
  await new TargetSender(housing, channel, stage.store, news, silentLogger, () => 0).sendDue(new AbortController().signal);
}
const lives = async (id: string, at: Address): Promise<void> => {
  await stage.person(id, personRecord('grid', `g-${id}`, { name: nameOf('张伟强'), currentAddress: at, residency: 'present' }));
  await plan(stage.change(id, 1, ['currentAddress'], [`grid:person:g-${id}`], { kind: 'created' }));
};

it('a house that is registered after its residents is told of them', async () => {
  await lives('p-1', HOME);
  await lives('p-2', HOME);
  expect(got).toEqual([]);
  await house(HOME, 1);
  expect(got.map((i) => i.columns)).toEqual([{ residents: 2, households: 1 }]);
});

it('a house whose address is put right is told who lives there now, once', async () => {
  await lives('p-3', OTHER);
  await house(OTHER, 2);
  expect(got.slice(1).map((i) => i.columns)).toEqual([{ residents: 1, households: 1 }]);
  await house(OTHER, 3);
  expect(got).toHaveLength(2);
});
