import { Alert, Button, Empty, Input } from 'antd';
import { useState, type ReactNode } from 'react';
import type { PersonSummary } from '#libs/entries/controllers/golden-views';
import type { Address } from '#libs/model/values';
import { ask, Refused } from '../api/hub-api.js';
import { Fault } from '../shell/fault.js';
import { Icon } from '../shell/icons.js';
import { useLanguage, useText } from '../text/language.js';
import { kindOf, searchTermOf, type SearchTerm } from './search-term.js';
import { useWording } from './use-wording.js';
import { addressText } from './value-text.js';

/** A search as it stands; kept by whoever shows the finder, so that coming back finds it again. */
export interface Found {
  text: string;
  term?: SearchTerm;
  items: PersonSummary[];
  next: string | null;
}

export const NOTHING_FOUND: Found = { text: '', items: [], next: null };
const PAGE = 20;

/** One field for name, ID and phone; sent in the body, never in an address. `onPick` is called with the chosen person. */
export function PersonFinder({ found, onFound, pickLabel, onPick, none, autoFocus = false }: {
  found: Found; onFound: (found: Found) => void; pickLabel: (name: string) => string; onPick: (person: PersonSummary) => void; none?: ReactNode; autoFocus?: boolean;
}): ReactNode {
  const t = useText();
  const { language } = useLanguage();
  const [text, setText] = useState(found.text);
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useState<Refused>();
  const term = searchTermOf(text);
  const search = async (by: SearchTerm, after?: string): Promise<void> => {
    setBusy(true);
    setRefused(undefined);
    try {
      const page = await ask<{ items: PersonSummary[]; next: string | null }>('POST', '/persons/search', { ...by, limit: PAGE, ...(after !== undefined && { after }) });
      onFound({ text, term: by, items: after === undefined ? page.items : [...found.items, ...page.items], next: page.next });
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      setRefused(error);
      onFound({ ...NOTHING_FOUND, text });
    } finally {
      setBusy(false);
    }
  };
  const faults = refused?.problem.errors;
  return (
    <div className="finder">
      <form role="search" className="finder-form" onSubmit={(event) => { event.preventDefault(); if (term !== undefined) void search(term); }}>
        <Input size="large" allowClear autoFocus={autoFocus} aria-label={t('search.label')} placeholder={t('search.placeholder')} value={text} autoComplete="off" spellCheck={false}
          prefix={<Icon name="search" />} suffix={term && <span className="finder-kind">{t(`search.by.${kindOf(term)}`)}</span>} onChange={(event) => setText(event.target.value)} />
        <Button type="primary" size="large" htmlType="submit" loading={busy} disabled={term === undefined}>{t('search.submit')}</Button>
      </form>
      <p className="quiet finder-note">{t('search.exact')}</p>
      <div aria-live="polite">
        {refused && (faults ? <Alert type="warning" showIcon title={faults.map((f) => f[language]).join(' ')} /> : <Fault refused={refused} />)}
        {!refused && found.term === undefined && none}
        {!refused && found.term !== undefined && found.items.length === 0 && <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={<>{t('search.none')}<br /><span className="quiet">{t('search.noneHint')}</span></>} />}
        {found.items.length > 0 && (
          <>
            <p className="finder-count">{found.next === null ? t('search.found', { n: found.items.length }) : t('search.foundMore', { n: found.items.length })}</p>
            <ul className="found">{found.items.map((p) => <li key={p.id}><FoundPerson person={p} pickLabel={pickLabel} onPick={onPick} /></li>)}</ul>
            {found.next !== null && <Button block loading={busy} onClick={() => void search(found.term!, found.next!)}>{t('search.more')}</Button>}
          </>
        )}
      </div>
    </div>
  );
}

function FoundPerson({ person: p, pickLabel, onPick }: { person: PersonSummary; pickLabel: (name: string) => string; onPick: (person: PersonSummary) => void }): ReactNode {
  const wording = useWording();
  const { t } = wording;
  const name = p.name ?? t('search.noName');
  const address = p.currentAddress as Address | undefined;
  return (
    <button type="button" className="found-person" aria-label={pickLabel(name)} onClick={() => onPick(p)}>
      <b>{name}</b>
      <span className="found-facts">{[p.sex && wording.codeName('sex', p.sex), p.birthDate].filter(Boolean).join(' · ')}</span>
      <span className="found-address">{address && addressText(address, wording)}</span>
      {p.vitalStatus !== undefined && p.vitalStatus !== 'alive' && <span className="dead-tag">{t(p.vitalStatus === 'dead' ? 'person.dead' : 'person.suspectedDead')}</span>}
    </button>
  );
}
