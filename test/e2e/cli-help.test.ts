import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newDataDir, removeDataDir, yici } from '#test/support/child-process';

const COMMANDS = ['start', 'load', 'export', 'match', 'evaluate', 'train', 'generate-city', 'why', 'how', 'agreements', 'replay'];

let dir: string;
let dataDir: string;

beforeAll(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'yici-cli-'));
  dataDir = newDataDir();
});
afterAll(async () => {
  rmSync(dir, { recursive: true });
  await removeDataDir(dataDir);
});

describe('yici --help', () => {
  it('names every command', async () => {
    const { code, stdout } = await yici('--help').ended;
    expect(code).toBe(0);
    for (const command of COMMANDS) expect(stdout).toMatch(new RegExp(`^ {2}${command}\\b`, 'm'));
  });

  it.each([...COMMANDS, 'agreements list', 'agreements approve', 'agreements revoke'])('tells what %s takes', async (command) => {
    const { code, stdout } = await yici(...command.split(' '), '--help').ended;
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`^Usage: yici ${command}`));
    if (command !== 'agreements') expect(stdout).toContain('--json');
  });
});

describe('a wrong command line', () => {
  it.each([
    [['nonsense'], /unknown command 'nonsense'/],
    [['load'], /missing required argument 'dir'/],
    [['load', 'x', '--fast'], /unknown option '--fast'/],
    [['export', 'people', '--out', 'x.csv'], /Allowed choices are crosswalk/],
    [['generate-city', 'x', '--persons', 'many'], /must be a whole number/],
    [['start', '--port', '99999'], /must be 0 to 65535/],
    [['train'], /required option '--out <file>' not specified/],
    [['agreements', 'list', '--state', 'new'], /Allowed choices are proposed, approved, revoked/],
  ])('%j ends with a sentence and a code', async (args, sentence) => {
    const { code, stderr, stdout } = await yici(...args).ended;
    expect([1, 2]).toContain(code);
    expect(stderr).toMatch(sentence);
    expect(stderr).not.toMatch(/^ +at /m);
    expect(stdout).toBe('');
  });

  it('says what is missing in a directory, a model, a file of labels or a selection, and what to do', async () => {
    const model = path.join(dir, 'model.json');
    writeFileSync(model, '{"prior": 2}');
    const labels = path.join(dir, 'labels.csv');
    writeFileSync(labels, 'a,b\n1,2\n');
    const cases: [string[], string, RegExp][] = [
      [['load', dir, '--data-dir', dataDir], 'YICI_CITY_UNREADABLE', /→ A city directory holds/],
      [['match', labels, '--config', 'person', '--out', path.join(dir, 'x.csv')], 'YICI_MATCH_TABLE', /→ The flat person table has record_id/],
      [['match', labels, '--config', 'person', '--out', path.join(dir, 'x.csv'), '--model', labels], 'YICI_MATCH_TABLE', /→/],
      [['train', dir, '--out', path.join(dir, 'm.json'), '--model', model], 'YICI_CONFIG_INVALID', /prior must be a probability/],
      [['evaluate', '--crosswalk', labels, '--truth', labels], 'YICI_EVALUATE_COLUMNS', /→ Give system,record_type/],
      [['why', 'hukou:person:1', 'grid:dwelling:1'], 'YICI_WHY_PERSONS_ONLY', /→ Give two keys like/],
      [['why', 'nothing', 'grid:person:1'], 'YICI_RECORD_KEY_MALFORMED', /system:person:key/],
      [['replay'], 'YICI_REPLAY_NONE_NAMED', /→ Give an id/],
      [['agreements', 'approve', '--data-dir', dataDir], 'YICI_AGREEMENTS_NONE_NAMED', /→ Give an id/],
      [['how', 'p-unknown', '--data-dir', dataDir], 'YICI_ENTITY_UNKNOWN', /→ yici export crosswalk/],
      [['start', '--demo', '--once', '--data-dir', dir], 'YICI_DEMO_FOREIGN_DIRECTORY', /→ Give --data-dir another directory/],
      [['start', '--city', dir, '--data-dir', dataDir], 'YICI_CITY_UNREADABLE', /→/],
      [['start', '--roles', 'king', '--data-dir', dataDir], 'YICI_CONFIG_INVALID', /YICI_ROLES/],
    ];
    for (const [args, code, words] of cases) {
      const ended = await yici(...args).ended;
      expect([args[0], ended.code, ended.stderr.split(':')[0]]).toEqual([args[0], 1, code]);
      expect(ended.stderr).toMatch(words);
    }
  });

  it('is one JSON object with --json', async () => {
    const { code, stdout } = await yici('how', 'p-unknown', '--data-dir', dataDir, '--json').ended;
    expect(code).toBe(1);
    expect(JSON.parse(stdout.trim().split('\n').at(-1)!)).toMatchObject({ error: { code: 'YICI_ENTITY_UNKNOWN', message: expect.any(String), fix: expect.any(String) } });
  });
});
