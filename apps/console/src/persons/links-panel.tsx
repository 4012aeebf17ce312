import { Empty, Skeleton } from 'antd';
import type { ReactNode } from 'react';
import type { PersonLinkView } from '#libs/entries/controllers/golden-views';
import { useAnswer } from '../api/use-answer.js';
import { Fault } from '../shell/fault.js';
import { useLanguage, useText } from '../text/language.js';
import { parseKey } from './record-key.js';

/** Why the records are one person: each beside the one it fits best, as a waterfall in words. */
export function LinksPanel({ id, nameOf }: { id: string; nameOf: (system: string) => string }): ReactNode {
  const t = useText();
  const { data: links, refused, again } = useAnswer<PersonLinkView[]>(`/persons/${id}/links`);
  if (refused) return <Fault refused={refused} again={again} />;
  if (links === undefined) return <Skeleton active paragraph={{ rows: 6 }} />;
  if (links.length === 0) return <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t('links.none')} />;
  return (
    <>
      <p className="quiet links-intro">{t('links.intro')}</p>
      <div className="links">{links.map((link) => <Link key={link.records.join(' ')} link={link} nameOf={nameOf} />)}</div>
    </>
  );
}

function Link({ link: { records, explanation }, nameOf }: { link: PersonLinkView; nameOf: (system: string) => string }): ReactNode {
  const t = useText();
  const { language } = useLanguage();
  const { steps, weight, probability, verdict, conclusion } = explanation;
  const linked = verdict === 'link' || verdict === 'identity';
  const title = <h2>{records.map((key) => nameOf(parseKey(key).system)).join(' ↔ ')}</h2>;
  // An entry about a picked person says nothing of who that is: it has nothing to compare.
  if (!linked && records.some((key) => parseKey(key).system === 'hub')) return <section className="panel link">{title}<p className="conclusion">{t('links.picked')}</p></section>;
  const totals = steps.map((s) => s.total);
  const [low, high] = [Math.min(0, ...totals, ...steps.map((s) => s.total - s.bits)), Math.max(0, ...totals)];
  const place = (bits: number): number => ((bits - low) / (high - low || 1)) * 100;
  return (
    <section className="panel link">
      <div className="panel-head">{title}<span className={linked ? 'verdict yes' : 'verdict'}>{t('links.probability', { p: percent(probability) })}</span></div>
      <ol className="waterfall">
        {steps.map((s) => {
          const [from, to] = [place(s.total - s.bits), place(s.total)];
          return (
            <li key={s.comparison}>
              <span>{s.label[language]}</span>
              <span className="bar-track" aria-hidden="true"><i className={s.bits < 0 ? 'less' : ''} style={{ left: `${Math.min(from, to)}%`, width: `${Math.max(0.6, Math.abs(to - from))}%` }} /></span>
              <span className="bits">{signed(s.bits)}</span>
            </li>
          );
        })}
        <li className="waterfall-sum"><span>{t('links.total')}</span><span className="bar-track" aria-hidden="true"><i className="zero" style={{ left: `${place(0)}%` }} /></span><span className="bits">{signed(weight)}</span></li>
      </ol>
      <p className="conclusion">{conclusion[language]}{!linked && <> {t('links.alsoBecause')}</>}</p>
    </section>
  );
}

function signed(bits: number): string {
  return `${bits < 0 ? '−' : '+'}${Math.abs(bits).toFixed(1)}`;
}

/** Never 100 %: no evidence is certain. */
function percent(probability: number): string {
  const p = probability * 100;
  return p > 99.99 ? '> 99.99%' : p < 0.01 ? '< 0.01%' : `${p.toFixed(2)}%`;
}
