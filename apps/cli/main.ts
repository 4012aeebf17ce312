#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Command, CommanderError } from 'commander';
import { projectRoot } from '#libs/platform/project-root';
import { printError } from './terminal.js';

const { version } = JSON.parse(readFileSync(path.join(projectRoot(), 'package.json'), 'utf8')) as { version: string };
const json = process.argv.includes('--json');

const program = new Command('yici')
  .description('Yici 一次: entered once, shared many times')
  .version(version)
  .showHelpAfterError('(add --help for what this command takes)')
  .exitOverride();

/** Each command brings its rooms: only the one that is asked for is read, all of them for help. */
const commands: Record<string, () => Promise<(program: Command) => void>> = {
  start: async () => (await import('./commands/start.js')).startCommand,
  load: async () => (await import('./commands/load.js')).loadCommand,
  export: async () => (await import('./commands/export.js')).exportCommand,
  match: async () => (await import('./commands/match.js')).matchCommand,
  evaluate: async () => (await import('./commands/evaluate.js')).evaluateCommand,
  train: async () => (await import('./commands/train.js')).trainCommand,
  'generate-city': async () => (await import('./commands/generate-city.js')).generateCityCommand,
  why: async () => (await import('./commands/why.js')).whyCommand,
  how: async () => (await import('./commands/how.js')).howCommand,
  agreements: async () => (await import('./commands/agreements.js')).agreementsCommand,
  replay: async () => (await import('./commands/replay.js')).replayCommand,
  reconcile: async () => (await import('./commands/reconcile.js')).reconcileCommand,
  'new-connector': async () => (await import('./commands/new-connector.js')).newConnectorCommand,
  certify: async () => (await import('./commands/certify.js')).certifyCommand,
};
const named = commands[process.argv[2] ?? ''];

try {
  for (const add of named === undefined ? Object.values(commands) : [named]) (await add())(program);
  await program.parseAsync();
} catch (error) {
  // Commander has printed its own: help is no failure, a wrong option is.
  if (error instanceof CommanderError) process.exitCode = error.exitCode;
  else {
    printError(error, json);
    process.exitCode = 1;
  }
}
