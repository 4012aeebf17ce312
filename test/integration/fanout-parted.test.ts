import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { ChangePlanner } from '#libs/fanout/change-planner';
import { fanoutStage, nameOf, personRecord, type FanoutStage } from '#test/support/fanout-stage';

const ID = { status: 'valid' as const, value: '990101196203150315' };

let stage: FanoutStage;
beforeAll(async () => { stage = await fanoutStage(); }, 60_000);
afterAll(() => stage.close(), 30_000);

it('who was parted from a record that is now somebody else’s is written anew, though no record of their own caused it', async () => {
  await stage.person('p-1', personRecord('grid', 'g1', { name: nameOf('张伟强') }), personRecord('hukou', 'R1', { name: nameOf('张伟强'), citizenId: ID }));
  const planner = new ChangePlanner(stage.store, stage.grid);
  const parted = stage.change('p-1', 2, ['citizenId'], [], { kind: 'split' });
  expect(await planner.plan([parted])).toBe(1);
  expect(await planner.plan([parted])).toBe(0);
  expect(await planner.plan([stage.change('p-1', 3, ['citizenId'], [], { kind: 'split' })])).toBe(1);
});
