import type { Command } from 'commander';
import { isEmptyStore } from '#libs/bulk/load-city';
import type { LoadProgress, LoadResult } from '#libs/bulk/load-result';
import { openCityDirectory } from '#libs/intake/city-directory';
import { bulkLoad, snapshotLoad } from '../bulk-load.js';
import { modelOf, modelOfStore } from '../match-model-file.js';
import { withStore, type StoreOptions } from '../store-context.js';
import { table, Terminal, type OutputOptions } from '../terminal.js';

type Options = StoreOptions & OutputOptions & { model?: string };

export function loadCommand(program: Command): void {
  program.command('load')
    .description('load a city directory: into an empty store in bulk, else as a snapshot whose files are read once')
    .argument('<dir>', 'city directory: city.yaml, divisions.csv and one folder a system')
    .option('--data-dir <dir>', 'data directory (default: YICI_DATA_DIR or .yici)')
    .option('--model <file>', 'match model made by yici train; the store keeps it (default: the one it has, else the one that ships)')
    .option('--json', 'print the result as one JSON object, the last line')
    .action((dir: string, options: Options) => load(dir, options));
}

async function load(dir: string, options: Options): Promise<void> {
  const terminal = new Terminal(options);
  const city = await openCityDirectory(dir);
  const given = modelOf(options.model);
  await withStore(options, async (context) => {
    try {
      const empty = await isEmptyStore({ client: context.store.pool as never });
      const model = empty ? given : await modelOfStore(context.store, options.model === undefined ? undefined : given);
      const result = await (empty ? bulkLoad : snapshotLoad)(context, city, model, (p) => show(terminal, p));
      terminal.endProgress();
      terminal.result(result, (r) => words(city.name, r));
    } finally {
      terminal.endProgress();
    }
  });
}

function show(terminal: Terminal, p: LoadProgress): void {
  terminal.progress(p.system ?? p.stage, p.done, p.total, p.stage === 'decode' ? 'rows' : '');
}

function words(city: string, r: LoadResult): string {
  const rows = Object.entries(r.rows).map(([system, c]) => [system, c.read, c.accepted, c.superseded, c.void, c.dead]);
  return [
    table(['system', 'read', 'accepted', 'superseded', 'void', 'dead'], rows), '',
    `${city}: ${r.entities.person} persons, ${r.entities.household} households, ${r.entities.dwelling} dwellings; ${r.reviews} pairs wait for review.`,
    `Partition ${r.partitionHash}`,
    `Seconds ${Object.entries(r.seconds).map(([k, v]) => `${k} ${v}`).join(', ')}; peak ${r.peakRssMiB} MiB.`,
    ...(r.skipped ?? []).map((f) => `SKIPPED ${f.system}/${f.file}: read by an earlier load.`),
    ...r.refused.map((f) => `REFUSED ${f.system}/${f.file}: ${f.code}: ${f.reason}`),
  ].join('\n');
}
