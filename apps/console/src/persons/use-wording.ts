import { useMemo } from 'react';
import { useText } from '../text/language.js';
import { codeName } from './code-names.js';
import type { Wording } from './value-text.js';

/** Values in words of the chosen language. */
export function useWording(): Wording {
  const t = useText();
  return useMemo(() => ({ t, codeName }), [t]);
}
