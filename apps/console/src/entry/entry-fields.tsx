import { Checkbox, Form, Input, Radio, Select } from 'antd';
import type { ReactNode } from 'react';
import type { EntryKind } from '#libs/entries/entry-requests';
import { codeOptions } from '../persons/code-names.js';
import { useLanguage, useText, type Text } from '../text/language.js';
import type { EntryValues } from './entry-request.js';
import { HouseholdPicker } from './household-picker.js';

/** The fields of one kind of entry. What a field may hold is the hub's to say; only what is missing is said here. */
export function EntryFields({ kind }: { kind: EntryKind }): ReactNode {
  const t = useText();
  switch (kind) {
    case 'newPerson': return <NewPersonFields t={t} />;
    case 'move': return <MoveFields t={t} />;
    case 'phone': return (
      <>
        <Form.Item name="phone" label={t('entry.phone')} rules={needed(t)}><Input inputMode="tel" autoComplete="off" /></Form.Item>
        <Form.Item name="verified" valuePropName="checked"><Checkbox>{t('entry.verified')}</Checkbox></Form.Item>
      </>
    );
    case 'death': return null;
    case 'householdChange': return <HouseholdChangeFields t={t} />;
  }
}

function NewPersonFields({ t }: { t: Text }): ReactNode {
  const { language } = useLanguage();
  return (
    <>
      <div className="pair">
        <Form.Item name="name" label={t('entry.name')} rules={needed(t)}><Input autoComplete="off" /></Form.Item>
        <Form.Item name="citizenId" label={t('entry.citizenId')} extra={t('entry.citizenIdNewborn')}><Input autoComplete="off" /></Form.Item>
      </div>
      <div className="pair">
        <Form.Item name="sex" label={t('entry.sex')}><Radio.Group options={codeOptions('sex', language).filter((o) => o.value === '1' || o.value === '2')} /></Form.Item>
        <Form.Item name="birthDate" label={t('entry.birthDate')}><Input type="date" className="date" /></Form.Item>
      </div>
      <Form.Item name="currentAddress" label={t('entry.currentAddress')} rules={needed(t)}><Input placeholder={t('entry.addressExample')} autoComplete="off" /></Form.Item>
      <div className="pair">
        <Form.Item name="phone" label={t('entry.phone')}><Input inputMode="tel" autoComplete="off" /></Form.Item>
        <Form.Item name="ethnicGroup" label={t('entry.ethnicGroup')}><Select allowClear showSearch={{ optionFilterProp: 'label' }} options={codeOptions('ethnicGroup', language)} /></Form.Item>
      </div>
      <Form.Item name="registeredAddress" label={t('entry.registeredAddress')}><Input autoComplete="off" /></Form.Item>
      <div className="pair">
        <Form.Item name={['mother', 'name']} label={`${t('entry.mother')} · ${t('entry.name')}`}><Input autoComplete="off" /></Form.Item>
        <Form.Item name={['mother', 'citizenId']} label={`${t('entry.mother')} · ${t('entry.citizenId')}`}><Input autoComplete="off" /></Form.Item>
      </div>
    </>
  );
}

function MoveFields({ t }: { t: Text }): ReactNode {
  const direction = Form.useWatch<EntryValues['direction']>('direction');
  return (
    <>
      <Form.Item name="direction" label={t('entry.direction')} rules={needed(t)}>
        <Radio.Group options={(['moved', 'arrived', 'left'] as const).map((d) => ({ value: d, label: t(`entry.direction.${d}`) }))} />
      </Form.Item>
      {direction !== 'left' && <Form.Item name="address" label={t('entry.address')} rules={needed(t)}><Input placeholder={t('entry.addressExample')} autoComplete="off" /></Form.Item>}
    </>
  );
}

function HouseholdChangeFields({ t }: { t: Text }): ReactNode {
  const { language } = useLanguage();
  const change = Form.useWatch<EntryValues['change']>('change');
  return (
    <>
      <Form.Item name="change" label={t('entry.change')} rules={needed(t)}>
        <Radio.Group options={(['married', 'divorced', 'widowed', 'joined'] as const).map((c) => ({ value: c, label: t(`entry.change.${c}`) }))} />
      </Form.Item>
      {change === 'married' && (
        <div className="pair">
          <Form.Item name={['spouse', 'name']} label={t('entry.spouseName')}><Input autoComplete="off" /></Form.Item>
          <Form.Item name={['spouse', 'citizenId']} label={t('entry.spouseId')}><Input autoComplete="off" /></Form.Item>
        </div>
      )}
      {change === 'joined' && <Form.Item name="householdId" label={t('entry.household')} rules={needed(t)}><HouseholdPicker /></Form.Item>}
      {(change === 'married' || change === 'joined') && (
        <Form.Item name="relation" label={t('entry.relation')}><Select allowClear showSearch={{ optionFilterProp: 'label' }} options={codeOptions('relation', language)} /></Form.Item>
      )}
    </>
  );
}

function needed(t: Text): { required: true; whitespace: true; message: string }[] {
  return [{ required: true, whitespace: true, message: t('entry.required') }];
}
