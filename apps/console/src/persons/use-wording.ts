import { useMemo } from 'react';
import { useLanguage, useText } from '../text/language.js';
import { codeName } from './code-names.js';
import type { Wording } from './value-text.js';

/** Values in words of the chosen language. */
export function useWording(): Wording {
  const t = useText();
  const { language } = useLanguage();
  return useMemo(() => ({ t, codeName: (table, code) => codeName(table, code, language) }), [t, language]);
}
