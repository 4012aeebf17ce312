import type { ReactNode } from 'react';
import { useReach } from '../api/reach.js';
import { useText } from '../text/language.js';

/** Says that the hub does not answer, for as long as that is so. */
export function AwayBanner(): ReactNode {
  const t = useText();
  const { away } = useReach();
  return <div role="status" aria-live="assertive">{away && <p className="away"><i aria-hidden="true" /><b>{t('away.title')}</b><span>{t('away.text')}</span></p>}</div>;
}
