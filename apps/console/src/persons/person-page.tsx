import { Button, Skeleton, Tabs } from 'antd';
import { useEffect, useMemo, useState, type ReactNode } from 'react';
import type { PersonView } from '#libs/entries/controllers/golden-views';
import { useAnswer } from '../api/use-answer.js';
import { useSession } from '../session.js';
import { Fault } from '../shell/fault.js';
import { Icon } from '../shell/icons.js';
import { hashOf } from '../shell/route.js';
import { go } from '../shell/use-route.js';
import { useLanguage, useText } from '../text/language.js';
import { momentOf } from '../text/times.js';
import { ComparePanel } from './compare-panel.js';
import { HistoryPanel } from './history-panel.js';
import { HouseholdPanel } from './household-panel.js';
import { LinksPanel } from './links-panel.js';
import { useSystemNames } from './system-names.js';
import { useWording } from './use-wording.js';
import { covered, valueTexts } from './value-text.js';

export default function PersonPage({ id }: { id: string }): ReactNode {
  const t = useText();
  const session = useSession();
  const { data: person, refused, again } = useAnswer<PersonView>(`/persons/${id}`);
  const nameOf = useSystemNames();
  const [open, setOpen] = useState(false);
  // A merged person is answered with the one it was merged into.
  useEffect(() => { if (person !== undefined && person.id !== id) go({ page: 'person', id: person.id }, true); }, [person, id]);
  const mayEnter = session.state === 'in' && session.account.role !== 'statistician';
  const cover = useMemo(() => (open ? (_: string, text: string) => text : covered), [open]);
  if (refused) return <div className="narrow"><Fault refused={refused} again={again} /></div>;
  if (person === undefined) return <Skeleton active paragraph={{ rows: 10 }} />;
  const tabs = [
    { key: 'compare', label: t('person.tab.compare'), children: <ComparePanel person={person} nameOf={nameOf} cover={cover} /> },
    { key: 'household', label: t('person.tab.household'), children: <HouseholdPanel person={person} /> },
    ...(mayEnter ? [
      { key: 'links', label: t('person.tab.links'), children: <LinksPanel id={person.id} nameOf={nameOf} /> },
      { key: 'history', label: t('person.tab.history'), children: <HistoryPanel id={person.id} nameOf={nameOf} cover={cover} /> },
    ] : []),
  ];
  return (
    <div>
      <a className="back" href={hashOf({ page: 'persons' })}><Icon name="back" size={15} />{t('person.back')}</a>
      <PersonHead person={person} cover={cover} actions={(
        <>
          <Button aria-pressed={open} icon={<Icon name={open ? 'eyeOff' : 'eye'} />} onClick={() => setOpen(!open)}>{t(open ? 'person.hide' : 'person.reveal')}</Button>
          {mayEnter && <Button type="primary" icon={<Icon name="entry" />} href={hashOf({ page: 'entry', person: person.id })}>{t('person.enter')}</Button>}
        </>
      )} />
      <Tabs items={tabs} destroyOnHidden />
    </div>
  );
}

const SHOWN = ['citizenId', 'phones', 'currentAddress', 'registeredAddress'] as const;

function PersonHead({ person: { fields, records, asOf }, cover, actions }: { person: PersonView; cover: (path: string, text: string) => string; actions: ReactNode }): ReactNode {
  const wording = useWording();
  const { t } = wording;
  const { language } = useLanguage();
  const textOf = (path: string): string => valueTexts(path, fields[path]?.value, wording).map((text) => cover(path, text)).join(t('value.list'));
  const vital = fields['vitalStatus']?.value;
  const [name] = valueTexts('name', fields['name']?.value, wording);
  return (
    <section className="panel person-head">
      <div className="person-name">
        <h1>{name ?? t('search.noName')}</h1>
        <span>{[textOf('sex'), textOf('birthDate'), textOf('ethnicGroup')].filter(Boolean).join(' · ')}</span>
        {(vital === 'dead' || vital === 'suspectedDead') && <span className="dead-tag">{t(vital === 'dead' ? 'person.dead' : 'person.suspectedDead')}</span>}
        <div className="person-actions">{actions}</div>
      </div>
      <dl className="facts">{SHOWN.map((path) => <div key={path}><dt>{t(`field.${path}`)}</dt><dd>{textOf(path) || <span className="nothing">–</span>}</dd></div>)}</dl>
      <p className="quiet person-sources">
        {records.length > 0 && t('person.records', { n: records.length, m: new Set(records.map((r) => r.system)).size })}
        {asOf !== undefined && <>{records.length > 0 && ' · '}{t('person.asOf', { time: momentOf(asOf, language) })}</>}
      </p>
    </section>
  );
}
