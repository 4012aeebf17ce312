import { GridSimulator } from './grid-simulator.js';
import type { Simulator, SimulatorContext, StartSimulator, SystemRow, WrittenBack } from './simulator.js';

/** Names of connector.yaml. */
const PUSH_SECRET = 'YICI_GRID_PUSH_SECRET';
const SYNC_SECRET = 'YICI_GRID_SYNC_SECRET';

/** The grid among the twelve simulators. */
class Grid implements Simulator {
  readonly system = 'grid';

  constructor(readonly running: GridSimulator, private readonly context: SimulatorContext) {}

  get faults(): Simulator['faults'] {
    return this.running.faults;
  }

  get environment(): Readonly<Record<string, string>> {
    return { YICI_GRID_URL: this.running.url, [PUSH_SECRET]: this.context.secret(PUSH_SECRET), [SYNC_SECRET]: this.context.secret(SYNC_SECRET) };
  }

  keys(): Promise<readonly string[]> {
    return Promise.resolve(this.running.ids());
  }

  record(key: string): Promise<SystemRow | undefined> {
    return Promise.resolve(this.running.row(key));
  }

  async change(key: string, patch: SystemRow): Promise<void> {
    await Promise.resolve(this.running.change(key, patch));
  }

  async add(row: SystemRow): Promise<string> {
    return Promise.resolve(this.running.add(row));
  }

  written(): Promise<readonly WrittenBack[]> {
    return Promise.resolve(this.running.written.map(({ at, item, answer }) => {
      const { id: _id, ref: _ref, ...columns } = item;
      return { at, ...(answer.id !== null && { key: answer.id }), columns, answer: answer.code === 0 ? 'taken' : `${answer.code} ${answer.message}` };
    }));
  }

  publish(): Promise<void> {
    this.running.pushAll();
    return Promise.resolve();
  }

  stop(): Promise<void> {
    return this.running.stop();
  }
}

export const startGrid: StartSimulator = async (context) => {
  const { cityDir, hubUrl, dir, port, log } = context;
  const running = await GridSimulator.start({
    cityDir, hubUrl, pushSecret: context.secret(PUSH_SECRET), syncSecret: context.secret(SYNC_SECRET), stateDir: dir, ...(port !== undefined && { port }), log,
  });
  return new Grid(running, context);
};
