import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { loadConnector } from '#libs/connector-sdk/load-connector';
import { openTarget } from '#libs/connector-sdk/open-target';
import type { TargetChannel } from '#libs/connector-sdk/target-channel';
import { ChangePlanner } from '#libs/fanout/change-planner';
import { TargetSender } from '#libs/fanout/target-sender';
import { systemClock } from '#libs/kernel/clock';
import type { Address } from '#libs/model/values';
import { silentLogger } from '#libs/platform/logger';
import { projectRoot } from '#libs/platform/project-root';
import { Divisions } from '#libs/values/divisions';
import { fanoutStage, nameOf, personRecord, type FanoutStage } from '#test/support/fanout-stage';

jest.setTimeout(60_000);
const OLD_HOME: Address = { raw: '幸福家园3幢301', division: '990101001001', estate: '幸福家园', building: '3', room: '301' };
const NEW_HOME: Address = { raw: '机械厂新村1幢102', division: '990101001002', estate: '机械厂新村', building: '1', room: '102' };
const signal = new AbortController().signal;

let stage: FanoutStage;
let root: string;
let n = 0;
beforeAll(async () => {
  stage = await fanoutStage();
  root = mkdtempSync(path.join(tmpdir(), 'yici-dropped-'));
}, 60_000);
afterAll(async () => {
  rmSync(root, { recursive: true });
  await stage.close();
});

const connector = loadConnector(path.join(projectRoot(), 'connectors/hukou'));
const folder = (): string => path.join(root, (connector.manifest.delivery as { folder: string }).folder);
/** As a process opens it that knows nothing of those before it. */
const opened = (): TargetChannel => openTarget(connector, { secret: () => root, clock: systemClock, divisions: Divisions.parse('code,name,level,parent,valid_from,valid_to,successor\n') })!;
const sender = (channel: TargetChannel): TargetSender => new TargetSender(stage.hukou, channel, stage.store, { minted: () => Promise.resolve(), readBack: () => Promise.resolve(), deadLetters: () => Promise.resolve() }, silentLogger, () => 0);
const tickets = (): string[] => readdirSync(folder()).filter((f) => !f.startsWith('.'));

/** Somebody whose life elsewhere is told to the hukou by a ticket. */
async function moved(): Promise<string> {
  const [id, entry] = [`p-${++n}`, `entry-${n}`];
  await stage.person(id, personRecord('hukou', `R${n}`, { name: nameOf('张伟强'), registeredAddress: OLD_HOME }), personRecord('hub', entry, { currentAddress: NEW_HOME }, { sourceTime: '2026-07-01T00:00:00+08:00' }));
  await new ChangePlanner(stage.store, stage.hukou).plan([stage.change(id, 2, ['currentAddress'], [`hub:person:${entry}`])]);
  return entry;
}
const deliveryOf = async (entry: string) => (await stage.store.deliveries.list({ cause: entry, limit: 1 }))[0]!;

it('a file that was dropped, and taken before the hub had noted its end, is not dropped once more by the next process', async () => {
  mkdirSync(folder(), { recursive: true });
  const entry = await moved();
  const channel = opened();
  let name = '';
  const dying: TargetChannel = {
    maxItems: channel.maxItems,
    write: async (items, s, note) => {
      await channel.write(items, s, note);
      [name] = tickets() as [string];
      expect(readFileSync(path.join(folder(), name)).length).toBeGreaterThan(0);
      unlinkSync(path.join(folder(), name));
      throw new Error('killed');
    },
  };
  await sender(dying).sendDue(signal);
  expect((await deliveryOf(entry)).state).toBe('waiting');
  stage.clock.advance(60_000);
  const next = opened();
  await sender(next).sendDue(signal);
  expect(tickets()).toEqual([]);
  expect(await deliveryOf(entry)).toMatchObject({ state: 'written', payload: expect.objectContaining({ token: name }) });
  expect((await deliveryOf(entry)).payload).not.toHaveProperty('intended');
  await sender(next).lookForAcknowledged(signal);
  expect((await deliveryOf(entry)).state).toBe('pickedUp');
  // Another ticket is dropped as ever.
  const other = await moved();
  await sender(opened()).sendDue(signal);
  expect((await deliveryOf(other)).state).toBe('written');
  expect(tickets()).toHaveLength(1);
});
