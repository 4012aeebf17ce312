import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Command } from 'commander';
import { readRecords } from '#libs/bulk/read-records';
import { openCityDirectory } from '#libs/intake/city-directory';
import { YiciError } from '#libs/kernel/errors';
import { evaluate, type Evaluation } from '#libs/matching/evaluate';
import type { MatchModel } from '#libs/matching/match-model';
import { featuresOf, resolveFeatures, type Features } from '#libs/matching/resolve-all';
import { trainPersonModel } from '#libs/matching/train';
import type { AnySourceRecord } from '#libs/model/source-record';
import { readConfig } from '#libs/platform/config';
import { generateCity } from '#libs/synthetic/generate-city';
import { modelOf } from '../match-model-file.js';
import { readLabels } from '../read-labels.js';
import { connectorsOf } from '../store-context.js';
import { Terminal, type OutputOptions } from '../terminal.js';
import { wholeNumber } from './generate-city.js';

interface Options extends OutputOptions {
  out: string;
  model?: string;
  em?: boolean;
  persons: number;
  seed: number;
}

interface Result {
  records: number;
  file: string;
  version: number;
  learnedFrom: 'truth' | 'agreement patterns';
  /** Pairs of person records against the truth of the city, with the model begun from and with the new one; absent without truth. */
  before?: Evaluation['pairwise'];
  after?: Evaluation['pairwise'];
  seconds: number;
}

export function trainCommand(program: Command): void {
  program.command('train')
    .description('learn a match model from a city directory: from its truth.csv, or by expectation-maximisation where there is none')
    .argument('[dir]', 'city directory; without one a fictional city is made, whose truth is known')
    .requiredOption('--out <file>', 'model to write (JSON), for load --model and match --model')
    .option('--model <file>', 'model to begin from (default: the one that ships)')
    .option('--em', 'do not look at the truth: learn from agreement patterns alone')
    .option('--persons <n>', 'without a directory: how many people', wholeNumber, 5000)
    .option('--seed <n>', 'without a directory: which city', wholeNumber, 7)
    .option('--json', 'print the result as one JSON object')
    .action((dir: string | undefined, o: Options) => train(dir, o));
}

async function train(given: string | undefined, o: Options): Promise<void> {
  const terminal = new Terminal(o);
  const started = performance.now();
  const base = modelOf(o.model);
  const temporary = given === undefined ? mkdtempSync(path.join(os.tmpdir(), 'yici-train-')) : undefined;
  try {
    if (temporary !== undefined) await generateCity({ persons: o.persons, seed: o.seed }, temporary, { onProgress: (step, share) => terminal.progress('city', Math.round(share * 100), 100, step) });
    const dir = given ?? temporary!;
    const features = await readFeatures(dir, terminal);
    const truthFile = path.join(dir, 'truth.csv');
    const truth = existsSync(truthFile) ? await readLabels(truthFile, 'person') : undefined;
    if (truth === undefined && o.em !== true) terminal.say('No truth.csv here: learning from agreement patterns (--em).');
    const labels = truth && features.persons.map((f) => truth.get(f.key) ?? `unknown ${f.key}`);
    terminal.progress('train', 0, 3, 'counting patterns');
    const model = trainPersonModel(features, { base, entities: o.em === true ? undefined : labels, version: base.version + 1 });
    writeFileSync(o.out, `${JSON.stringify(model, undefined, 1)}\n`);
    terminal.progress('train', 1, 3, 'evaluating');
    const before = labels && measured(features, labels, base);
    terminal.progress('train', 2, 3, 'evaluating');
    const after = labels && measured(features, labels, model);
    terminal.progress('train', 3, 3, '');
    terminal.endProgress();
    const result: Result = {
      records: features.persons.length, file: o.out, version: model.version, learnedFrom: labels === undefined || o.em === true ? 'agreement patterns' : 'truth', before, after, seconds: Math.round(performance.now() - started) / 1000,
    };
    terminal.result(result, words);
  } finally {
    terminal.endProgress();
    if (temporary !== undefined) rmSync(temporary, { recursive: true });
  }
}

async function readFeatures(dir: string, terminal: Terminal): Promise<Features> {
  const city = await openCityDirectory(dir);
  const records: AnySourceRecord[] = [];
  let rows = 0;
  for await (const record of readRecords(connectorsOf(readConfig(process.env)), city, (_, n) => terminal.progress('read', (rows += n), 0, 'rows'))) {
    if (record.state === 'current' || record.recordType === 'person') records.push(record);
  }
  const features = featuresOf(records);
  if (features.persons.length < 2) {
    throw new YiciError({ code: 'YICI_TRAIN_NO_RECORDS', stage: 'receiving', message: 'The directory holds fewer than two person records.', fix: 'Name a city directory with its system folders.' });
  }
  return features;
}

function measured(features: Features, labels: readonly string[], model: MatchModel): Evaluation['pairwise'] {
  const { persons } = resolveFeatures(features, [], model);
  return evaluate(labels, Array.from(persons.cluster)).pairwise;
}

function words(r: Result): string {
  const percent = (p: Evaluation['pairwise']): string => `precision ${(p.precision * 100).toFixed(2)} %, recall ${(p.recall * 100).toFixed(2)} %, F1 ${(p.f1 * 100).toFixed(2)} %`;
  return [
    `${r.records} person records; m from ${r.learnedFrom === 'truth' ? 'their truth' : 'expectation-maximisation over agreement patterns'}.`,
    ...(r.before && r.after ? [`before  ${percent(r.before)}`, `after   ${percent(r.after)}`] : []),
    `Model ${r.version} in ${r.file} (${r.seconds} s).`,
  ].join('\n');
}
