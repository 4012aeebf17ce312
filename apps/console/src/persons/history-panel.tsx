import { Button, Empty, Skeleton } from 'antd';
import { useEffect, useState, type ReactNode } from 'react';
import type { KnownStateView } from '#libs/entries/controllers/golden-views';
import { ask, Refused } from '../api/hub-api.js';
import { useReach } from '../api/reach.js';
import { Fault } from '../shell/fault.js';
import { useLanguage } from '../text/language.js';
import { minuteOf, momentOf } from '../text/times.js';
import { fieldName } from './compare-panel.js';
import { useWording } from './use-wording.js';
import { valueTexts } from './value-text.js';

interface Page { items: KnownStateView[]; next: string | null }

/** What was known when, newest first, page by page. */
export function HistoryPanel({ id, nameOf, cover }: { id: string; nameOf: (system: string) => string; cover: (path: string, text: string) => string }): ReactNode {
  const wording = useWording();
  const { t } = wording;
  const { language } = useLanguage();
  const [page, setPage] = useState<Page>();
  const [refused, setRefused] = useState<Refused>();
  const load = async (after?: string | null): Promise<void> => {
    try {
      const next = await ask<Page>('GET', `/persons/${id}/history?limit=20${after ? `&after=${encodeURIComponent(after)}` : ''}`);
      setPage((known) => (after && known ? { items: [...known.items, ...next.items], next: next.next } : next));
    } catch (error) {
      if (error instanceof Refused && error.problem.status !== 401) setRefused(error);
    }
  };
  const { returns } = useReach();
  useEffect(() => {
    setRefused(undefined);
    void load();
  }, [id, returns]);
  if (refused) return <Fault refused={refused} />;
  if (page === undefined) return <Skeleton active paragraph={{ rows: 6 }} />;
  if (page.items.length === 0) return <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t('history.none')} />;
  return (
    <>
      <ol className="history">
        {page.items.map((state, i) => (
          <li key={state.knownFrom}>
            <div className="history-when">
              <b>{minuteOf(state.knownFrom, language)}</b>
              {i === 0 && state.knownTo === undefined && <em>{t('history.now')}</em>}
              {page.next === null && i === page.items.length - 1 && <em className="first">{t('history.first')}</em>}
              {state.trueFrom !== undefined && <small className="quiet">{t('history.true', { time: momentOf(state.trueFrom, language) })}</small>}
            </div>
            <dl>
              {state.changed.map((path) => {
                const field = state.fields[path];
                return (
                  <div key={path}>
                    <dt>{fieldName(path, t)}</dt>
                    <dd>{valueTexts(path, field?.value, wording).map((text) => cover(path, text)).join(t('value.list')) || '–'}{field && <small className="quiet from">{t('compare.origin', { system: nameOf(field.provenance.system) })}</small>}</dd>
                  </div>
                );
              })}
            </dl>
          </li>
        ))}
      </ol>
      {page.next !== null && <Button onClick={() => void load(page.next)}>{t('history.more')}</Button>}
    </>
  );
}
