import { Button, Skeleton } from 'antd';
import type { ReactNode } from 'react';
import type { EntryView } from '#libs/entries/controllers/entry-views';
import { useEvents } from '../api/use-events.js';
import { fieldName } from '../persons/compare-panel.js';
import { useWording } from '../persons/use-wording.js';
import { covered, valueTexts } from '../persons/value-text.js';
import { Fault } from '../shell/fault.js';
import { LiveMark } from '../shell/live-mark.js';
import { hashOf } from '../shell/route.js';
import { useLanguage, useText } from '../text/language.js';
import { minuteOf, momentOf } from '../text/times.js';
import { Lights } from './lights.js';

/** One entry and its twelve lights, as they move. */
export default function ReceiptPage({ id }: { id: string }): ReactNode {
  const t = useText();
  const { language } = useLanguage();
  const { state: entry, liveness, refused } = useEvents<EntryView>(`/entries/${id}/events`, 'entry');
  if (refused) return <div className="narrow"><Fault refused={refused} /></div>;
  if (entry === undefined) return <Skeleton active paragraph={{ rows: 10 }} />;
  return (
    <div className="receipt">
      <div className="page-title"><h1>{t('receipt.title')} · {t(`entry.kind.${entry.kind}`)}</h1><LiveMark liveness={liveness} /></div>
      <section className="panel receipt-head">
        <Entered entry={entry} />
        <div className="receipt-state">
          <p className={`entry-progress ${entry.state}`} role="status">
            {entry.state === 'resolved' ? t('receipt.resolved', { time: minuteOf(entry.resolvedAt ?? entry.submittedAt, language) }) : t(`receipt.${entry.state}`)}
          </p>
          <p className="quiet entry-number">{t('receipt.number', { id: entry.id })}</p>
          <div className="receipt-actions">
            {entry.entityId !== undefined && <Button href={hashOf({ page: 'person', id: entry.entityId })}>{t('receipt.person')}</Button>}
            <Button type="primary" href={hashOf({ page: 'entry' })}>{t('receipt.another')}</Button>
          </div>
        </div>
      </section>
      <Lights lines={entry.receipt} />
    </div>
  );
}

function Entered({ entry }: { entry: EntryView }): ReactNode {
  const wording = useWording();
  const { t } = wording;
  const { language } = useLanguage();
  const entered = Object.entries(entry.body).flatMap(([path, value]) => {
    const texts = valueTexts(path, value, wording);
    return texts.length === 0 ? [] : [{ path, text: texts.map((text) => covered(path, text)).join(t('value.list')) }];
  });
  return (
    <dl className="facts entered" aria-label={t('receipt.what')}>
      {entered.map(({ path, text }) => <div key={path}><dt>{fieldName(path, t)}</dt><dd>{text}</dd></div>)}
      {entry.sourceTime !== undefined && <div><dt>{t(entry.kind === 'death' ? 'entry.occurredOn.death' : 'entry.occurredOn')}</dt><dd>{momentOf(entry.sourceTime, language)}</dd></div>}
    </dl>
  );
}
