import type { ReactNode } from 'react';
import type { Liveness } from '../api/use-events.js';
import { useText } from '../text/language.js';

export function LiveMark({ liveness }: { liveness: Liveness }): ReactNode {
  const t = useText();
  return <span className={`live-mark ${liveness}`} role="status"><i aria-hidden="true" />{t(`live.${liveness}`)}</span>;
}
