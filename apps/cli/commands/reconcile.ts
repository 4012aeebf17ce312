import path from 'node:path';
import type { Command } from 'commander';
import { AccountStore } from '#libs/access/account-store';
import { openLog } from '#libs/bus/open-log';
import { DRIFT_KINDS, type DriftCount, type KeptDrift, type ReconciliationRun } from '#libs/fanout/drift-store';
import { FanoutStore } from '#libs/fanout/fanout-store';
import { Reconciler } from '#libs/fanout/reconciler';
import { systemClock } from '#libs/kernel/clock';
import { YiciError } from '#libs/kernel/errors';
import { TOPIC } from '#libs/model/events';
import { AuditStore } from '#libs/store/audit-store';
import { findCity } from '#libs/store/city-store';
import { Divisions } from '#libs/values/divisions';
import { connectorsOf, withStore, type StoreContext, type StoreOptions } from '../store-context.js';
import { table, Terminal, type OutputOptions } from '../terminal.js';

interface Options extends StoreOptions, OutputOptions {
  repair?: boolean;
  keys?: boolean;
  as?: string;
}

interface TargetResult {
  run: ReconciliationRun;
  counts: DriftCount[];
  drift?: KeptDrift[];
}

const NO_DIVISIONS = 'code,name,level,parent,valid_from,valid_to,successor\n';
/** Lines of drift printed a target. */
const MOST_LISTED = 1000;

export function reconcileCommand(program: Command): void {
  program.command('reconcile')
    .description('compare what the systems hold with what the hub holds of them; a running hub delivers what is repaired, or the next one that starts')
    .argument('[system]', 'one system (default: all that are live)')
    .option('--repair', 'mend what can be: read what was missed, write again what was lost')
    .option('--keys', 'list the records that differ by the system\'s own keys; the look is in the audit log')
    .option('--as <account>', 'open the restricted facets that this account may see')
    .option('--data-dir <dir>', 'data directory (default: YICI_DATA_DIR or .yici)')
    .option('--json', 'print the result as one JSON object')
    .action((system: string | undefined, o: Options) => withStore(o, (context) => reconcile(context, system, o)));
}

async function reconcile({ config, store, logger }: StoreContext, system: string | undefined, o: Options): Promise<void> {
  const terminal = new Terminal(o);
  const connectors = connectorsOf(config);
  const targets = system === undefined ? connectors.filter((c) => c.manifest.mode === 'live') : connectors.filter((c) => c.id === system);
  if (targets.length === 0) throw noSuchTarget();
  const scopes = await scopesOf(o.as, store.dataSource);
  const log = openLog(config, { pool: store.pool, listener: store.listener, logger });
  const fanout = new FanoutStore(store.pool, store.unitOfWork, store.sealing, systemClock);
  const divisions = Divisions.parse((await findCity(store.pool))?.divisions ?? NO_DIVISIONS);
  const reconciler = new Reconciler({
    store: fanout, sealing: store.sealing, log, logger, connectors, divisions, spoolDir: path.join(config.dataDir, 'spool'), secret: (name) => config.secret(name),
  });
  const results: TargetResult[] = [];
  try {
    if (o.repair === true) await log.ensureTopics([{ topic: TOPIC.sourceRecordAccepted, partitions: 8 }]);
    for (const { id, manifest } of targets) {
      const open = manifest.restricted.every((facet) => scopes.includes(facet.replace(/^facets\./, '')));
      const run = await reconciler.run(id, { actor: 'command line', repair: o.repair === true, onRead: (n) => terminal.progress(id, n, 0, 'records') });
      terminal.endProgress();
      results.push({ run, counts: await fanout.drift.counts(id), ...(o.keys === true && open && { drift: await fanout.drift.list(id, MOST_LISTED) }) });
    }
    await store.unitOfWork.run((tx) => new AuditStore(store.sealing, systemClock).append(tx, results.map((r) => ({ actor: 'command line', action: o.keys === true ? 'reconcile.keys' : 'reconcile', subject: r.run.target }))));
  } finally {
    terminal.endProgress();
    await log.close();
  }
  terminal.result({ targets: results.map(({ drift, ...r }) => ({ ...r, ...(drift !== undefined && { drift: drift.map(({ ref: _ref, ...d }) => d) }) })) }, () => words(results));
  if (results.some((r) => r.run.state === 'failed')) process.exitCode = 1;
}

async function scopesOf(username: string | undefined, dataSource: StoreContext['store']['dataSource']): Promise<readonly string[]> {
  if (username === undefined) return [];
  const account = (await new AccountStore(dataSource, systemClock).findForLogin(username))?.account;
  if (account === undefined) throw new YiciError({ code: 'YICI_ACCOUNT_UNKNOWN', stage: 'serving', message: 'There is no such account.', fix: 'Give the name that the account signs in with.' });
  return account.facetScopes;
}

function words(results: readonly TargetResult[]): string {
  const now = systemClock.now();
  const rows = results.map(({ run, counts }) => {
    const oldest = Math.min(...counts.map((c) => c.oldest.getTime()));
    return [
      run.target, run.state === 'failed' ? `${run.code ?? ''}` : String(run.recordsRead), run.state === 'failed' ? '' : String(run.recordsHeld),
      ...DRIFT_KINDS.map((kind) => String(counts.find((c) => c.kind === kind)?.records ?? 0)), counts.length === 0 ? '' : age(now - oldest), run.repair ? String(run.repaired) : '',
    ];
  });
  const listed = results.flatMap((r) => (r.drift ?? []).map((d) => [r.run.target, d.kind, `${d.recordType}:${d.naturalKey}`, age(now - d.firstSeenAt.getTime())]));
  return [
    table(['系统 system', '读到 read', '持有 held', '漏读 missed', '已变 changed', '消失 vanished', '丢写 lost', '最久 oldest', '修复 repaired'], rows),
    ...(listed.length === 0 ? [] : ['', table(['系统 system', '', '记录 record', '已久 age'], listed)]),
    ...results.flatMap((r) => (r.run.reason === undefined ? [] : [r.run.reason])),
  ].join('\n');
}

function age(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  return minutes < 60 ? `${minutes} min` : minutes < 2880 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 1440)} d`;
}

function noSuchTarget(): YiciError {
  return new YiciError({ code: 'YICI_RECONCILE_UNKNOWN_TARGET', stage: 'serving', message: 'There is no live system of this name.', fix: 'Give the id of a connector folder, e.g. grid.' });
}
