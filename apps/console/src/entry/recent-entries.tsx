import { Button, Skeleton } from 'antd';
import { useState, type ReactNode } from 'react';
import type { EntrySummary } from '#libs/entries/controllers/entry-views';
import { useAnswer } from '../api/use-answer.js';
import { Fault } from '../shell/fault.js';
import { hashOf } from '../shell/route.js';
import { useLanguage, useText } from '../text/language.js';
import { minuteOf } from '../text/times.js';

interface Page { items: EntrySummary[]; next: string | null }

const PAGE = 8;

/** The worker's own entries, newest first; without names, an entry is known by its time and kind. */
export function RecentEntries(): ReactNode {
  const t = useText();
  const { language } = useLanguage();
  const [marks, setMarks] = useState<string[]>([]);
  const after = marks.at(-1);
  const { data: page, refused, again } = useAnswer<Page>(`/entries?limit=${PAGE}${after === undefined ? '' : `&after=${encodeURIComponent(after)}`}`);
  return (
    <section className="recent">
      <h2>{t('entry.mine')}</h2>
      {refused && <Fault refused={refused} again={again} />}
      {page === undefined && !refused && <Skeleton active title={false} paragraph={{ rows: 3 }} />}
      {page?.items.length === 0 && <p className="quiet">{t('entry.mineNone')}</p>}
      {page !== undefined && page.items.length > 0 && (
        <ul className="entries">
          {page.items.map((e) => (
            <li key={e.id}><a href={hashOf({ page: 'receipt', id: e.id })}>
              <time>{minuteOf(e.submittedAt, language)}</time><b>{t(`entry.kind.${e.kind}`)}</b><span className={`entry-state ${e.state}`}>{t(`entry.state.${e.state}`)}</span><em>{t('entry.openReceipt')}</em>
            </a></li>
          ))}
        </ul>
      )}
      {(marks.length > 0 || page?.next) && (
        <div className="pager">
          <Button disabled={marks.length === 0} onClick={() => setMarks(marks.slice(0, -1))} aria-label={t('pager.newer')}>‹</Button>
          <Button disabled={!page?.next} onClick={() => { if (page?.next) setMarks([...marks, page.next]); }} aria-label={t('pager.older')}>›</Button>
        </div>
      )}
    </section>
  );
}
