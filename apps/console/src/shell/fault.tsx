import { Alert, Button } from 'antd';
import type { ReactNode } from 'react';
import type { Refused } from '../api/hub-api.js';
import { sentenceIn, type Language } from '../text/fill.js';
import { useLanguage, useText, type Text } from '../text/language.js';

/** A refusal in one sentence of the chosen language. */
export function faultWords({ problem }: Refused, language: Language, t: Text): string {
  if (problem.code === 'YICI_CONSOLE_UNREACHED') return t('fault.unreached');
  return problem.message === '' ? t('fault.unknown', { code: problem.code }) : sentenceIn(language, problem.message);
}

export function Fault({ refused, again }: { refused: Refused; again?: () => void }): ReactNode {
  const t = useText();
  const { language } = useLanguage();
  const unreached = refused.problem.code === 'YICI_CONSOLE_UNREACHED';
  // What to do comes from the hub in English only.
  const fix = unreached ? t('fault.unreachedFix') : language === 'en' ? refused.problem.fix : undefined;
  return <Alert type={unreached ? 'warning' : 'error'} showIcon title={faultWords(refused, language, t)} description={fix} action={again && <Button size="small" onClick={again}>{t('fault.again')}</Button>} />;
}
