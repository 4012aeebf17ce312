import { Empty, Skeleton } from 'antd';
import type { ReactNode } from 'react';
import type { HouseholdSummary, HouseholdView, PersonView } from '#libs/entries/controllers/golden-views';
import type { Address } from '#libs/model/values';
import { useAnswer } from '../api/use-answer.js';
import { Fault } from '../shell/fault.js';
import { hashOf } from '../shell/route.js';
import { useText } from '../text/language.js';
import { useWording } from './use-wording.js';
import { addressText, type Wording } from './value-text.js';

/** The households that list the person, each with the members this reader may see. */
export function HouseholdPanel({ person }: { person: PersonView }): ReactNode {
  const t = useText();
  if (person.households.length === 0) return <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t('household.none')} />;
  return <div className="households">{person.households.map((h) => <Household key={h.id} household={h} self={person.id} />)}</div>;
}

function Household({ household, self }: { household: HouseholdSummary; self: string }): ReactNode {
  const wording = useWording();
  const { t } = wording;
  const { data, refused, again } = useAnswer<HouseholdView>(`/households/${household.id}`);
  return (
    <section className="panel household">
      <div className="panel-head"><h2>{householdName(household, wording)}</h2>{data && <span className="quiet">{t('household.members', { n: data.members.length })}</span>}</div>
      {household.address !== undefined && <p className="household-address">{addressText(household.address as Address, wording)}</p>}
      {refused && <Fault refused={refused} again={again} />}
      {data === undefined && !refused && <Skeleton active title={false} paragraph={{ rows: 2 }} />}
      {data && (
        <ul className="members">
          {data.members.map((m) => (
            <li key={m.id}>
              {m.id === self ? <b>{m.name ?? t('search.noName')}</b> : <a href={hashOf({ page: 'person', id: m.id })}>{m.name ?? t('search.noName')}</a>}
              <span>{[m.relation && (wording.codeName('relation', m.relation) ?? m.relation), m.sex && wording.codeName('sex', m.sex), m.birthDate].filter(Boolean).join(' · ')}</span>
              {m.id === self && <small className="quiet">{t('household.self')}</small>}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

export function householdName({ kind }: HouseholdSummary, { t }: Wording): string {
  return kind === 'registered' || kind === 'living' || kind === 'residential' ? t(`household.${kind}`) : t('household.unknownKind');
}
