import { Alert, Button, Form, Input, Segmented } from 'antd';
import { useEffect, useMemo, useRef, useState, type ReactNode } from 'react';
import { Refused, ask } from '../api/hub-api.js';
import { useReach } from '../api/reach.js';
import { Fault } from '../shell/fault.js';
import { go } from '../shell/use-route.js';
import { useLanguage, useText } from '../text/language.js';
import { isoDayOf } from '../text/times.js';
import { EntryFields } from './entry-fields.js';
import { entryRequest, newEntryId, type About, type EntryValues } from './entry-request.js';
import { RecentEntries } from './recent-entries.js';
import { WhoPicker } from './who-picker.js';
import type { EntryKind } from '#libs/entries/entry-requests';

const KINDS: readonly EntryKind[] = ['move', 'phone', 'newPerson', 'householdChange', 'death'];

/** Enter once: what happened, about whom, the details. */
export default function EntryPage({ person }: { person: string | undefined }): ReactNode {
  const t = useText();
  const { language } = useLanguage();
  const [form] = Form.useForm<EntryValues>();
  const [kind, setKind] = useState<EntryKind>('move');
  const [about, setAbout] = useState<About>(person === undefined ? undefined : { personId: person });
  const [refused, setRefused] = useState<Refused>();
  const [busy, setBusy] = useState(false);
  const [unsaid, setUnsaid] = useState(false);
  const who = useRef<HTMLFieldSetElement>(null);
  const { returns } = useReach();
  // Sending is the worker's to do again, not the page's.
  useEffect(() => setRefused((said) => (said?.problem.status === 0 ? undefined : said)), [returns]);
  const today = useMemo(() => isoDayOf(Date.now()), []);
  // One id a form: whoever presses twice, or again after a lost answer, makes one entry. Changed fields make another one.
  const entryId = useRef(newId());
  const whoMissing = kind !== 'newPerson' && about === undefined;
  const submit = async (values: EntryValues): Promise<void> => {
    if (whoMissing) return sayWho();
    setBusy(true);
    setRefused(undefined);
    try {
      const accepted = await ask<{ entryId: string }>('POST', '/entries', entryRequest(kind, about, values), { headers: { 'idempotency-key': entryId.current } });
      go({ page: 'receipt', id: accepted.entryId });
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      setBusy(false);
      // An ended session has its own words; the form stands as it is until it is begun anew.
      if (error.problem.status === 401) return;
      setRefused(error);
      form.setFields((error.problem.errors ?? []).map((fault) => ({ name: fault.field.split('.') as never, errors: [fault[language]] })));
    }
  };
  const sayWho = (): void => {
    setUnsaid(true);
    who.current?.scrollIntoView({ block: 'center' });
    who.current?.querySelector('input')?.focus();
  };
  // Faults of what has no field of its own stand above the button.
  const loose = (refused?.problem.errors ?? []).filter((f) => form.getFieldInstance(f.field.split('.') as never) === undefined);
  return (
    <div className="narrow entry">
      <div className="page-title"><h1>{t('entry.title')}</h1></div>
      <p className="intro">{t('entry.intro')}</p>
      <Form form={form} layout="vertical" className="panel entry-form" requiredMark={(label, { required }) => <>{label}{!required && <span className="optional">{t('entry.optional')}</span>}</>}
        initialValues={{ occurredOn: today, direction: 'moved', change: 'married' }} scrollToFirstError={whoMissing ? false : { block: 'center', focus: true }}
        onValuesChange={() => { entryId.current = newId(); }} onFinish={(values) => void submit(values)} onFinishFailed={() => { if (whoMissing) sayWho(); }}>
        <fieldset>
          <legend>{t('entry.kind')}</legend>
          <Segmented className="kinds" aria-label={t('entry.kind')} value={kind} onChange={(next) => { setKind(next); setRefused(undefined); }}
            options={KINDS.map((k) => ({ value: k, label: t(`entry.kind.${k}`) }))} />
        </fieldset>
        {kind !== 'newPerson' && (
          <fieldset ref={who}>
            <legend>{t('entry.who')}</legend>
            <WhoPicker about={about} onAbout={(next) => { setAbout(next); entryId.current = newId(); setUnsaid(false); }} />
            {unsaid && whoMissing && <p className="who-missing" role="alert">{t('entry.whoMissing')}</p>}
          </fieldset>
        )}
        <fieldset>
          <legend>{t('entry.what')}</legend>
          <EntryFields kind={kind} />
          <Form.Item name="occurredOn" label={t(kind === 'death' ? 'entry.occurredOn.death' : 'entry.occurredOn')} rules={[{ required: true, message: t('entry.required') }]}>
            <Input type="date" className="date" />
          </Form.Item>
        </fieldset>
        <div className="entry-end" aria-live="polite">
          {refused && (refused.problem.errors
            ? <Alert type="error" showIcon title={t('entry.refused')} description={loose.length > 0 ? loose.map((f) => f[language]).join(' ') : undefined} />
            : <Fault refused={refused} />)}
          <Button type="primary" size="large" htmlType="submit" loading={busy}>{t('entry.submit')}</Button>
        </div>
      </Form>
      <RecentEntries />
    </div>
  );
}

function newId(): string {
  return newEntryId(Date.now(), crypto.getRandomValues(new Uint8Array(16)));
}
