import type { ReactNode } from 'react';
import type { BoardSystem, SystemBoard } from '#libs/entries/system-board';
import { thousands } from '../text/fill.js';
import { useLanguage, useText, type Text } from '../text/language.js';
import { officeName } from '../text/offices.js';
import { agoOf, minuteOf, secondOf } from '../text/times.js';
import { BalanceMark } from './balances.js';
import { DeliveryBar } from './delivery-bar.js';

const ROW_COLUMNS = ['read', 'accepted', 'superseded', 'void', 'dead'] as const;
const OUT_COLUMNS = ['changes', 'delivered', 'notShared', 'pending', 'failed'] as const;

/** One row a system, one card a system on a phone. */
export function SystemsTable({ board, now }: { board: SystemBoard; now: number }): ReactNode {
  const t = useText();
  const withheld = board.systems.filter((s) => s.withheld).length;
  const { rows, records, deliveries } = board.totals;
  return (
    <section className="panel systems">
      <table>
        <thead>
          <tr className="groups">
            <th colSpan={2} />
            <th colSpan={6} scope="colgroup"><span>{t('board.group.in')}</span></th>
            <th colSpan={3} scope="colgroup"><span>{t('board.group.resolved')}</span></th>
            <th colSpan={6} scope="colgroup"><span>{t('board.group.out')}</span></th>
            <th />
          </tr>
          <tr>
            <th scope="col">{t('board.col.system')}</th>
            <th scope="col">{t('board.col.state')}</th>
            {ROW_COLUMNS.map((c, i) => <th key={c} scope="col" className={`num ${i === 0 ? 'begin' : ''}`}>{t(`board.col.${c}`)}</th>)}
            <th className="mark" />
            <th scope="col" className="num begin">{t('board.col.stored')}</th><th scope="col" className="num">{t('board.col.resolved')}</th><th className="mark" />
            {OUT_COLUMNS.map((c, i) => <th key={c} scope="col" className={`num ${i === 0 ? 'begin' : ''}`}>{t(`board.col.${c}`)}</th>)}
            <th className="mark" />
            <th scope="col" className="begin moved">{t('board.col.moved')}</th>
          </tr>
        </thead>
        <tbody>{board.systems.map((s) => <SystemRow key={s.id} system={s} now={now} t={t} />)}</tbody>
        <tfoot>
          <tr>
            <th scope="row" colSpan={2}>{t('board.total')}{withheld > 0 && <small className="quiet"> {t('board.totalWithheld', { n: withheld })}</small>}</th>
            {ROW_COLUMNS.map((c, i) => <Count key={c} n={rows[c]} label={t(`board.col.${c}`)} begin={i === 0} />)}
            <td className="mark"><BalanceMark balanced={rows.balanced} /></td>
            <Count n={records.stored} label={t('board.col.stored')} begin /><Count n={records.resolved} label={t('board.col.resolved')} />
            <td className="mark"><BalanceMark balanced={records.balanced} /></td>
            {OUT_COLUMNS.map((c, i) => <Count key={c} n={deliveries[c]} label={t(`board.col.${c}`)} begin={i === 0} />)}
            <td className="mark"><BalanceMark balanced={deliveries.balanced} /></td>
            <td className="begin" />
          </tr>
        </tfoot>
      </table>
    </section>
  );
}

function SystemRow({ system: s, now, t }: { system: BoardSystem; now: number; t: Text }): ReactNode {
  const { language } = useLanguage();
  const [name, other] = language === 'zh' ? [s.name, s.nameEn] : [s.nameEn, s.name];
  const title = <th scope="row" className="name"><b>{name}</b><small title={other}>{officeName(s.owner, language)} · {officeName(s.category, language)}</small></th>;
  if (s.withheld || s.rows === undefined || s.records === undefined || s.deliveries === undefined) {
    return <tr data-system={s.id} className="withheld">{title}<td colSpan={17} className="withheld-words">{t('board.withheld')}</td></tr>;
  }
  const { rows, records, deliveries } = s;
  const off = !rows.balanced || !records.balanced || !deliveries.balanced;
  return (
    <tr data-system={s.id} className={off ? 'off' : ''}>
      {title}
      <td className="state-cell"><State system={s} t={t} /></td>
      {ROW_COLUMNS.map((c, i) => <Count key={c} n={rows[c]} label={t(`board.col.${c}`)} begin={i === 0} strong={c === 'accepted'} warn={c === 'dead'} />)}
      <td className="mark"><BalanceMark balanced={rows.balanced} /></td>
      <Count n={records.stored} label={t('board.col.stored')} begin /><Count n={records.resolved} label={t('board.col.resolved')} strong />
      <td className="mark"><BalanceMark balanced={records.balanced} /></td>
      {OUT_COLUMNS.map((c, i) => <Count key={c} n={deliveries[c]} label={t(`board.col.${c}`)} begin={i === 0} strong={c === 'delivered'} fault={c === 'failed'} bar={c === 'changes' && deliveries.changes > 0 ? <DeliveryBar deliveries={deliveries} /> : undefined} />)}
      <td className="mark"><BalanceMark balanced={deliveries.balanced} /></td>
      <td className="begin moved" title={s.lastMovement && minuteOf(s.lastMovement, language)}>{s.lastMovement === undefined ? <span className="nothing">–</span> : agoOf(s.lastMovement, now, language)}</td>
    </tr>
  );
}

function State({ system: s, t }: { system: BoardSystem; t: Text }): ReactNode {
  const { language } = useLanguage();
  const state = s.state ?? 'waiting';
  const retrying = s.deliveries?.retrying ?? 0;
  const why = s.reason?.[language];
  const since = s.since === undefined ? undefined : t('board.since', { time: minuteOf(s.since, language) });
  return (
    <>
      <span className={`state ${state}`} title={since}><i aria-hidden="true" />{t(`state.${state}`)}</span>
      {why !== undefined && <small className="why">{why}{since !== undefined && state !== 'disabled' && <em>{since}</em>}</small>}
      {retrying > 0 && <small className="why retrying">{t('board.retrying', { n: retrying })}{s.deliveries?.nextTryAt !== undefined && <em>{t('board.nextTry', { time: secondOf(s.deliveries.nextTryAt) })}</em>}</small>}
    </>
  );
}

function Count({ n, label, begin = false, strong = false, warn = false, fault = false, bar }: {
  n: number; label: string; begin?: boolean; strong?: boolean; warn?: boolean; fault?: boolean; bar?: ReactNode;
}): ReactNode {
  const kind = n === 0 ? 'nothing' : fault ? 'fault' : warn ? 'warn' : strong ? 'strong' : '';
  return <td className={`num ${begin ? 'begin' : ''} ${kind}`} data-label={label}>{n === 0 ? '0' : thousands(n)}{bar}</td>;
}
