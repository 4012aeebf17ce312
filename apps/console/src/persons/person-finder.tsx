import { Alert, Button, Empty, Input } from 'antd';
import { useEffect, useState, type ReactNode } from 'react';
import type { FoundPerson, PersonSummary } from '#libs/entries/controllers/golden-views';
import type { Address } from '#libs/model/values';
import { ask, Refused } from '../api/hub-api.js';
import { useReach } from '../api/reach.js';
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
  items: FoundPerson[];
  next: string | null;
}

export const NOTHING_FOUND: Found = { text: '', items: [], next: null };
const PAGE = 20;

/** One field for name, ID, phone and address; sent in the body, never in an address. `onPick` is called with the chosen person. */
export function PersonFinder({ found, onFound, pickLabel, onPick, none, autoFocus = false }: {
  found: Found; onFound: (found: Found) => void; pickLabel: (name: string) => string; onPick: (person: PersonSummary) => void; none?: ReactNode; autoFocus?: boolean;
}): ReactNode {
  const t = useText();
  const { language } = useLanguage();
  const [text, setText] = useState(found.text);
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useState<Refused>();
  // Whether words are a name or an address, where the clerk says so.
  const [words, setWords] = useState<'name' | 'address'>();
  const term = searchTermOf(text, words);
  const kind = term && kindOf(term);
  const instead = kind === 'name' ? 'address' : kind === 'address' ? 'name' : undefined;
  const search = async (by: SearchTerm | undefined, after?: string): Promise<void> => {
    if (by === undefined) return;
    setBusy(true);
    setRefused(undefined);
    try {
      const page = await ask<{ items: FoundPerson[]; next: string | null }>('POST', '/persons/search', { ...by, limit: PAGE, ...(after !== undefined && { after }) });
      onFound({ text, term: by, items: after === undefined ? page.items : [...found.items, ...page.items], next: page.next });
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      // An ended session has its own words; the search stands until it is begun anew.
      if (error.problem.status === 401) return;
      setRefused(error);
      if (after === undefined) onFound({ ...NOTHING_FOUND, text });
    } finally {
      setBusy(false);
    }
  };
  const { returns } = useReach();
  // What could not be asked while the hub was away is asked when it is back.
  useEffect(() => { if (refused?.problem.status === 0) void search(term); }, [returns]);
  const faults = refused?.problem.errors;
  return (
    <div className="finder">
      <div role="search" className="finder-form">
        <Input size="large" allowClear autoFocus={autoFocus} aria-label={t('search.label')} placeholder={t('search.placeholder')} value={text} autoComplete="off" spellCheck={false}
          prefix={<Icon name="search" />} suffix={kind && <span className="finder-kind">{t(`search.by.${kind}`)}</span>}
          onPressEnter={(event) => {
            // No form of its own: it stands inside the form of an entry, and a form in a form sends the page away.
            event.preventDefault();
            if (!event.nativeEvent.isComposing) void search(term);
          }}
          onChange={(event) => { setText(event.target.value); if (event.target.value === '') setWords(undefined); }} />
        <Button type="primary" size="large" loading={busy} disabled={term === undefined} onClick={() => void search(term)}>{t('search.submit')}</Button>
      </div>
      <p className="quiet finder-note">{t('search.exact')}{instead && <> <Button type="link" size="small" className="instead" onClick={() => { setWords(instead); void search(searchTermOf(text, instead)); }}>{t(`search.instead.${instead}`)}</Button></>}</p>
      <div aria-live="polite" aria-busy={busy} className={busy ? 'looking' : undefined}>
        {refused && (faults ? <Alert type="warning" showIcon title={faults.map((f) => f[language]).join(' ')} /> : <Fault refused={refused} />)}
        {!refused && found.term === undefined && none}
        {!refused && found.term !== undefined && found.items.length === 0 && <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={<><span className="none-words">{t('search.none')}</span><br /><span className="quiet">{t('address' in found.term ? 'search.noneAddress' : 'search.noneHint')}</span></>} />}
        {found.items.length > 0 && (
          <>
            <p className="finder-count">{found.next === null ? t('search.found', { n: found.items.length }) : t('search.foundMore', { n: found.items.length })}</p>
            <ul className="found">{found.items.map((p) => <li key={p.id}><FoundOne person={p} pickLabel={pickLabel} onPick={onPick} /></li>)}</ul>
            {found.next !== null && <Button block loading={busy} onClick={() => void search(found.term!, found.next!)}>{t('search.more')}</Button>}
          </>
        )}
      </div>
    </div>
  );
}

function FoundOne({ person: p, pickLabel, onPick }: { person: FoundPerson; pickLabel: (name: string) => string; onPick: (person: PersonSummary) => void }): ReactNode {
  const wording = useWording();
  const { t } = wording;
  const name = p.name ?? t('search.noName');
  const current = p.currentAddress === undefined ? undefined : addressText(p.currentAddress as Address, wording);
  const sought = p.foundAddress && addressText(p.foundAddress.address, wording);
  const elsewhere = sought !== undefined && sought !== current;
  return (
    <button type="button" className="found-person" aria-label={pickLabel(name)} onClick={() => onPick(p)}>
      <b>{name}</b>
      <span className="found-facts">{[p.sex && wording.codeName('sex', p.sex), p.birthDate].filter(Boolean).join(' · ')}</span>
      <span className="found-address">
        {sought ?? current}{elsewhere && <em>{t(p.foundAddress!.field === 'registeredAddress' ? 'search.registeredThere' : 'search.otherSystem')}</em>}
        {elsewhere && current !== undefined && <small>{t('search.livesNow', { address: current })}</small>}
      </span>
      {p.vitalStatus !== undefined && p.vitalStatus !== 'alive' && <span className="dead-tag">{t(p.vitalStatus === 'dead' ? 'person.dead' : 'person.suspectedDead')}</span>}
    </button>
  );
}
