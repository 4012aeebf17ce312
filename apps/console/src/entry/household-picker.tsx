import { Button, Radio, Spin } from 'antd';
import { useState, type ReactNode } from 'react';
import type { PersonSummary, PersonView } from '#libs/entries/controllers/golden-views';
import type { Address } from '#libs/model/values';
import { useAnswer } from '../api/use-answer.js';
import { householdName } from '../persons/household-panel.js';
import { NOTHING_FOUND, PersonFinder, type Found } from '../persons/person-finder.js';
import { useWording } from '../persons/use-wording.js';
import { addressText } from '../persons/value-text.js';
import { Fault } from '../shell/fault.js';

/** A household, by one of its members: nobody knows a household's number, everybody knows who lives there. */
export function HouseholdPicker({ value, onChange }: { value?: string; onChange?: (id: string | undefined) => void }): ReactNode {
  const [found, setFound] = useState<Found>(NOTHING_FOUND);
  const [member, setMember] = useState<PersonSummary>();
  const wording = useWording();
  const { t } = wording;
  const { data: person, refused, again } = useAnswer<PersonView>(member && `/persons/${member.id}`);
  if (member === undefined) {
    return <><p className="quiet">{t('entry.householdPick')}</p><PersonFinder found={found} onFound={setFound} pickLabel={(name) => `${t('search.choose')} ${name}`} onPick={setMember} /></>;
  }
  return (
    <div className="household-picker">
      <div className="chosen"><b>{member.name ?? t('search.noName')}</b><Button onClick={() => { setMember(undefined); onChange?.(undefined); }}>{t('entry.chooseAnother')}</Button></div>
      {refused && <Fault refused={refused} again={again} />}
      {person === undefined && !refused && <Spin />}
      {person?.households.length === 0 && <p className="quiet">{t('entry.householdNone')}</p>}
      {person !== undefined && (
        <Radio.Group vertical value={value} onChange={(event) => onChange?.(event.target.value as string)}
          options={person.households.map((h) => ({ value: h.id, label: [householdName(h, wording), h.address && addressText(h.address as Address, wording)].filter(Boolean).join(' · ') }))} />
      )}
    </div>
  );
}
