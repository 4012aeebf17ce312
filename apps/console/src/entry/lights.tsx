import type { ReactNode } from 'react';
import type { EntryView } from '#libs/entries/controllers/entry-views';
import { Icon, type IconName } from '../shell/icons.js';
import { useLanguage, useText } from '../text/language.js';
import { secondOf } from '../text/times.js';
import { lightOf, sumOf, type Light } from './light.js';

type Line = EntryView['receipt'][number];

const ICONS: Record<Light, IconName> = { done: 'check', open: 'wait', closed: 'minus', failed: 'cross' };

/** Twelve lights, one a system: where the entry stands there, why, and what to do. */
export function Lights({ lines }: { lines: readonly Line[] }): ReactNode {
  const t = useText();
  if (lines.length === 0) return <p className="panel quiet lights-none">{t('receipt.none')}</p>;
  return (
    <section aria-label={t('receipt.lights')}>
      <div className="lights-head">
        <h2>{t('receipt.lights')}</h2>
        <span className="dots" aria-hidden="true">{lines.map((l) => <i key={l.target} className={`dot ${lightOf(l.state)}`} />)}</span>
        <span className="quiet" role="status">{t('receipt.summary', { ...sumOf(lines.map((l) => l.state)) })}</span>
      </div>
      <ul className="lights">{lines.map((line) => <LightCard key={line.target} line={line} />)}</ul>
    </section>
  );
}

function LightCard({ line }: { line: Line }): ReactNode {
  const t = useText();
  const { language } = useLanguage();
  const light = lightOf(line.state);
  const [name, state, why] = language === 'zh' ? [line.name, line.stateZh, line.zh] : [line.nameEn, line.stateEn, line.en];
  return (
    <li className={`light ${light} ${line.state}`} data-target={line.target} data-state={line.state}>
      <span className="lamp" aria-hidden="true"><Icon name={ICONS[light]} size={20} weight={2} /></span>
      <div>
        <b>{name}</b>
        <span className="light-state">{state}{line.changedAt !== undefined && light !== 'closed' && <time>{secondOf(line.changedAt)}</time>}</span>
        {why !== undefined && <small>{why}</small>}
        {light === 'failed' && <small className="what-to-do"><b>{t('receipt.whatToDo')}</b>{t('receipt.rejectedFix')}</small>}
        {line.records > 1 && <small>{t('receipt.records', { n: line.records })}</small>}
      </div>
    </li>
  );
}
