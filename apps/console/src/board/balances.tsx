import type { ReactNode } from 'react';
import type { BoardSystem, SystemBoard } from '#libs/entries/system-board';
import { Icon } from '../shell/icons.js';
import { thousands } from '../text/fill.js';
import { useLanguage, useText } from '../text/language.js';

interface Equation {
  key: 'rows' | 'records' | 'deliveries';
  /** Left side, then what it must be the sum of. */
  left: readonly [string, number];
  right: readonly (readonly [string, number])[];
  balanced: boolean;
}

/** The three equations of the whole hub, worked out before the reader's eyes. */
export function Balances({ board }: { board: SystemBoard }): ReactNode {
  const t = useText();
  const { language } = useLanguage();
  const { rows, records, deliveries } = board.totals;
  const equations: Equation[] = [
    {
      key: 'rows', left: [t('board.col.read'), rows.read], balanced: rows.balanced,
      right: [[t('board.col.accepted'), rows.accepted], [t('board.col.superseded'), rows.superseded], [t('board.col.void'), rows.void], [t('board.col.dead'), rows.dead]],
    },
    { key: 'records', left: [t('board.col.stored'), records.stored], balanced: records.balanced, right: [[t('board.col.resolved'), records.resolved]] },
    {
      key: 'deliveries', left: [t('board.col.changes'), deliveries.changes], balanced: deliveries.balanced,
      right: [[t('board.col.delivered'), deliveries.delivered], [t('board.col.notShared'), deliveries.notShared], [t('board.col.pending'), deliveries.pending], [t('board.col.failed'), deliveries.failed]],
    },
  ];
  return (
    <section className="panel balances" aria-label={t('board.balance')}>
      <div className="panel-head"><h2>{t('board.balance')}</h2><span className="quiet">{t('board.balanceNote')}</span></div>
      {equations.map((e) => {
        const off = board.systems.filter((s) => partOf(s, e.key)?.balanced === false).map((s) => (language === 'zh' ? s.name : s.nameEn));
        return (
          <div key={e.key} className={e.balanced ? 'equation' : 'equation off'} data-balance={e.key} data-balanced={e.balanced}>
            <b className="equation-name">{t(`board.${e.key}`)}</b>
            <span className="sum">
              <Term label={e.left[0]} n={e.left[1]} />
              {e.right.map(([label, n], i) => <Term key={label} label={label} n={n} sign={i === 0 ? '=' : '+'} />)}
            </span>
            <BalanceMark balanced={e.balanced} text={e.balanced ? t('board.balances') : off.length > 0 ? t('board.offAt', { systems: off.join(t('value.list')) }) : t('board.off', { n: Math.abs(e.left[1] - e.right.reduce((sum, [, n]) => sum + n, 0)) })} />
          </div>
        );
      })}
    </section>
  );
}

function Term({ label, n, sign }: { label: string; n: number; sign?: '=' | '+' }): ReactNode {
  return <span className={sign === undefined ? 'term' : 'term signed'}>{sign !== undefined && <i aria-hidden="true">{sign}</i>}<b>{thousands(n)}</b><small>{label}</small></span>;
}

/** A tick, or a red cross with its words; never colour alone. */
export function BalanceMark({ balanced, text }: { balanced: boolean; text?: string }): ReactNode {
  const t = useText();
  const words = text ?? (balanced ? t('board.balances') : t('board.off', { n: '?' }));
  return <span className={balanced ? 'balance-mark' : 'balance-mark off'} title={words}><Icon name={balanced ? 'check' : 'cross'} size={15} weight={2.2} /><span>{words}</span></span>;
}

function partOf(s: BoardSystem, key: Equation['key']): { balanced: boolean } | undefined {
  return s[key];
}
