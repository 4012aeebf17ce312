import { Button, Form, Input } from 'antd';
import { useState, type ReactNode } from 'react';
import type { PersonView } from '#libs/entries/controllers/golden-views';
import { useAnswer } from '../api/use-answer.js';
import { NOTHING_FOUND, PersonFinder, type Found } from '../persons/person-finder.js';
import { useWording } from '../persons/use-wording.js';
import { covered, valueTexts } from '../persons/value-text.js';
import { Fault } from '../shell/fault.js';
import { useText } from '../text/language.js';
import type { About } from './entry-request.js';

/** The person an entry is about: picked from a search, so that no doubt is left, or named. */
export function WhoPicker({ about, onAbout }: { about: About; onAbout: (about: About) => void }): ReactNode {
  const t = useText();
  const [found, setFound] = useState<Found>(NOTHING_FOUND);
  if (about === 'named') {
    return (
      <>
        <div className="pair">
          <Form.Item name={['person', 'name']} label={t('entry.name')} rules={[{ required: true, message: t('entry.required') }]}><Input autoComplete="off" /></Form.Item>
          <Form.Item name={['person', 'citizenId']} label={t('entry.citizenId')} rules={[{ required: true, message: t('entry.required') }]}><Input autoComplete="off" inputMode="text" /></Form.Item>
        </div>
        <Button type="link" className="inline-link" onClick={() => onAbout(undefined)}>{t('entry.pick')}</Button>
      </>
    );
  }
  if (about !== undefined) return <Chosen id={about.personId} onOther={() => onAbout(undefined)} />;
  return (
    <>
      <PersonFinder found={found} onFound={setFound} pickLabel={(name) => `${t('search.choose')} ${name}`} onPick={(p) => onAbout({ personId: p.id })} />
      <Button type="link" className="inline-link" onClick={() => onAbout('named')}>{t('entry.named')}</Button>
    </>
  );
}

function Chosen({ id, onOther }: { id: string; onOther: () => void }): ReactNode {
  const wording = useWording();
  const { t } = wording;
  const { data: person, refused, again } = useAnswer<PersonView>(`/persons/${id}`);
  if (refused) return <Fault refused={refused} again={again} />;
  const textOf = (path: string): string => valueTexts(path, person?.fields[path]?.value, wording).map((text) => covered(path, text)).join(t('value.list'));
  return (
    <div className="chosen">
      <div>
        <b>{textOf('name') || '…'}</b> <span>{[textOf('sex'), textOf('birthDate'), textOf('citizenId')].filter(Boolean).join(' · ')}</span>
        <small>{textOf('currentAddress')}</small>
      </div>
      <Button onClick={onOther}>{t('entry.chooseAnother')}</Button>
    </div>
  );
}
