import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import { generateCity } from '#libs/synthetic/generate-city';
import { table, Terminal, type OutputOptions } from '../terminal.js';

interface Options extends OutputOptions {
  persons: number;
  seed: number;
  snapshotDate?: string;
  name?: string;
  dirt?: number;
  flat?: boolean;
}

export function generateCityCommand(program: Command): void {
  program.command('generate-city')
    .description('write a fictional city in the formats of the twelve systems, with its truth')
    .argument('<dir>', 'directory to write; made when missing')
    .requiredOption('--persons <n>', 'how many people', wholeNumber)
    .option('--seed <n>', 'the same seed gives the same bytes', wholeNumber, 1)
    .option('--snapshot-date <date>', 'yyyy-mm-dd')
    .option('--name <name>', 'name of the city')
    .option('--dirt <factor>', 'factor on every rate of dirt', Number)
    .option('--flat', 'also write flat.csv and truth_flat.csv, the person records as one table')
    .option('--json', 'print the result as one JSON object')
    .action(async (dir: string, o: Options) => {
      const terminal = new Terminal(o);
      const report = await generateCity({ persons: o.persons, seed: o.seed, snapshotDate: o.snapshotDate, name: o.name, dirt: o.dirt }, dir, {
        flat: o.flat, onProgress: (step, share) => terminal.progress('city', Math.round(share * 100), 100, step),
      });
      terminal.endProgress();
      terminal.result(report, (r) => table(['system', ...Object.keys(Object.values(r.systems)[0] ?? {})], Object.entries(r.systems).map(([id, c]) => [id, ...Object.values(c)])));
    });
}

export function wholeNumber(text: string): number {
  const n = Number(text);
  if (!Number.isSafeInteger(n) || n < 0) throw new InvalidArgumentError('must be a whole number.');
  return n;
}
