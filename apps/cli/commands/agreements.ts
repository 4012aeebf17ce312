import { Option, type Command } from 'commander';
import { AgreementStore, type AgreementFilter, type SharingAgreement } from '#libs/fanout/agreement-store';
import { proposalsOf } from '#libs/fanout/propose-agreements';
import { systemClock } from '#libs/kernel/clock';
import { YiciError } from '#libs/kernel/errors';
import { AuditStore } from '#libs/store/audit-store';
import { connectorsOf, withStore, type StoreContext, type StoreOptions } from '../store-context.js';
import { table, Terminal, type OutputOptions } from '../terminal.js';

interface Options extends StoreOptions, OutputOptions {
  provider?: string;
  target?: string;
  field?: string;
  state?: 'proposed' | 'approved' | 'revoked';
  all?: boolean;
}

const CONDITION: Record<SharingAgreement['condition'], string> = { unconditional: '无条件', conditional: '有条件', none: '不予共享' };
const STATE: Record<SharingAgreement['state'], string> = { proposed: '待批准', approved: '已批准', revoked: '已撤销' };

export function agreementsCommand(program: Command): void {
  const agreements = program.command('agreements').description('sharing agreements: which field of which provider may go to which target');
  withFilter(agreements.command('list').description('show agreements; those the connector folders propose are taken up first'))
    .addOption(new Option('--state <state>', 'only those').choices(['proposed', 'approved', 'revoked']))
    .action((o: Options) => withStore(o, async (context) => {
      await propose(context);
      const found = await new AgreementStore(context.store.pool, systemClock).list(filterOf(o));
      new Terminal(o).result({ agreements: found }, (r) => listed(r.agreements));
    }));
  for (const decision of ['approve', 'revoke'] as const) {
    withFilter(agreements.command(decision)
      .description(decision === 'approve' ? 'put proposed agreements in force; a revoked one only by its id' : 'end agreements: from now on nothing goes out under them'))
      .argument('[id]', 'one agreement by its id')
      .option('--all', 'every agreement')
      .action((id: string | undefined, o: Options) => withStore(o, (context) => decide(context, decision, id, o)));
  }
}

function withFilter(command: Command): Command {
  return command
    .option('--provider <system>', 'of this provider')
    .option('--target <system>', 'for this target')
    .option('--field <path>', 'of this field, e.g. currentAddress')
    .option('--data-dir <dir>', 'data directory (default: YICI_DATA_DIR or .yici)')
    .option('--json', 'print the result as one JSON object');
}

function filterOf({ provider, target, field, state }: Options): AgreementFilter {
  return { provider, target, field, state };
}

/** A store that no hub ran on yet has no proposals; the folders make them. */
function propose({ config, store }: StoreContext): Promise<number> {
  return store.unitOfWork.run((tx) => new AgreementStore(store.pool, systemClock).propose(tx, proposalsOf(connectorsOf(config))));
}

async function decide(context: StoreContext, decision: 'approve' | 'revoke', id: string | undefined, o: Options): Promise<void> {
  const filter: AgreementFilter = { ...filterOf(o), id };
  if (o.all !== true && Object.values(filter).every((v) => v === undefined)) throw nothingNamed(decision);
  await propose(context);
  const { store } = context;
  const changed = await store.unitOfWork.run(async (tx) => {
    const done = await new AgreementStore(store.pool, systemClock)[decision](tx, filter, 'command line');
    await new AuditStore(store.sealing, systemClock).append(tx, done.map((a) => ({ actor: 'command line', action: `agreement.${decision}`, subject: a.id })));
    return done;
  });
  new Terminal(o).result({ changed }, (r) => (r.changed.length === 0 ? 'No agreement fits that was not so already.' : `${listed(r.changed)}\n${r.changed.length} ${decision === 'approve' ? 'approved' : 'revoked'}.`));
}

/** Two lines an agreement: who gives what to whom until when, and on which terms. */
function listed(found: readonly SharingAgreement[]): string {
  if (found.length === 0) return 'No agreement fits.';
  const heads = table(['提供方 provider', '使用方 target', '共享范围 field', '期限 until', '状态 state', '编号 id'], found.map((a) => [a.provider, a.target, a.field, a.expiresOn, `${STATE[a.state]} ${a.state}`, a.id])).split('\n');
  return [heads[0]!, ...found.flatMap((a, i) => [heads[i + 1]!, `    ${termsOf(a)}`])].join('\n');
}

function termsOf(a: SharingAgreement): string {
  const condition = a.conditionText === undefined ? CONDITION[a.condition] : `${CONDITION[a.condition]}（${a.conditionText}）`;
  return [`方式 ${a.channel}`, ...(a.codeTable === undefined ? [] : [`标准 ${a.codeTable}`]), `目的 ${a.purpose}`, `依据 ${a.legalBasis}`, `条件 ${condition}`].join(' · ');
}

function nothingNamed(decision: string): YiciError {
  return new YiciError({
    code: 'YICI_AGREEMENTS_NONE_NAMED', stage: 'sharing', message: `Nothing says which agreements to ${decision}.`, fix: 'Give an id, --provider, --target or --field, or --all for every one.',
  });
}
