#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Command, CommanderError } from 'commander';
import { projectRoot } from '#libs/platform/project-root';
import { agreementsCommand } from './commands/agreements.js';
import { evaluateCommand } from './commands/evaluate.js';
import { exportCommand } from './commands/export.js';
import { generateCityCommand } from './commands/generate-city.js';
import { howCommand } from './commands/how.js';
import { loadCommand } from './commands/load.js';
import { matchCommand } from './commands/match.js';
import { replayCommand } from './commands/replay.js';
import { startCommand } from './commands/start.js';
import { trainCommand } from './commands/train.js';
import { whyCommand } from './commands/why.js';
import { printError } from './terminal.js';

const { version } = JSON.parse(readFileSync(path.join(projectRoot(), 'package.json'), 'utf8')) as { version: string };
const json = process.argv.includes('--json');

const program = new Command('yici')
  .description('Yici 一次: entered once, shared many times')
  .version(version)
  .showHelpAfterError('(add --help for what this command takes)')
  .exitOverride();

const commands = [startCommand, loadCommand, exportCommand, matchCommand, evaluateCommand, trainCommand, generateCityCommand, whyCommand, howCommand, agreementsCommand, replayCommand];
for (const add of commands) add(program);

try {
  await program.parseAsync();
} catch (error) {
  // Commander has printed its own: help is no failure, a wrong option is.
  if (error instanceof CommanderError) process.exitCode = error.exitCode;
  else {
    printError(error, json);
    process.exitCode = 1;
  }
}
