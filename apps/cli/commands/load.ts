import type { Command } from 'commander';
import { isEmptyStore } from '#libs/bulk/load-city';
import type { LoadProgress, LoadResult } from '#libs/bulk/load-result';
import { openCityDirectory } from '#libs/intake/city-directory';
import { YiciError } from '#libs/kernel/errors';
import { personModel } from '#libs/matching/match-model';
import { bulkLoad } from '../bulk-load.js';
import { withStore, type StoreOptions } from '../store-context.js';
import { table, Terminal, type OutputOptions } from '../terminal.js';

type Options = StoreOptions & OutputOptions;

export function loadCommand(program: Command): void {
  program.command('load')
    .description('bulk load of a city directory into an empty store')
    .argument('<dir>', 'city directory: city.yaml, divisions.csv and one folder a system')
    .option('--data-dir <dir>', 'data directory (default: YICI_DATA_DIR or .yici)')
    .option('--json', 'print the result as one JSON object, the last line')
    .action((dir: string, options: Options) => load(dir, options));
}

async function load(dir: string, options: Options): Promise<void> {
  const terminal = new Terminal(options);
  const city = await openCityDirectory(dir);
  await withStore(options, async (context) => {
    if (!(await isEmptyStore({ client: context.store.pool as never }))) throw notEmpty();
    try {
      const result = await bulkLoad(context, city, personModel(), (p) => show(terminal, p));
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
    ...r.refused.map((f) => `REFUSED ${f.system}/${f.file}: ${f.code}: ${f.reason}`),
  ].join('\n');
}

function notEmpty(): YiciError {
  return new YiciError({
    code: 'YICI_LOAD_STORE_NOT_EMPTY', stage: 'storing', message: 'The store holds records already; a bulk load fills an empty one.',
    fix: 'Give another --data-dir, or start the hub with --city: it reads the directory as a snapshot through the log.',
  });
}
