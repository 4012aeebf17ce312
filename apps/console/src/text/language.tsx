import { createContext, use, useEffect, useMemo, useState, type ReactNode } from 'react';
import { EN } from './en.js';
import { fill, type Language } from './fill.js';
import { ZH, type TextKey } from './zh.js';

const KEPT = 'yici.language';
const LanguageContext = createContext<{ language: Language; setLanguage(language: Language): void } | undefined>(undefined);

/** Chinese until somebody chooses English; the choice is kept in this browser. */
export function LanguageProvider({ children }: { children: ReactNode }): ReactNode {
  const [language, setLanguage] = useState<Language>(() => (window.localStorage.getItem(KEPT) === 'en' ? 'en' : 'zh'));
  useEffect(() => {
    document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';
    window.localStorage.setItem(KEPT, language);
  }, [language]);
  return <LanguageContext value={useMemo(() => ({ language, setLanguage }), [language])}>{children}</LanguageContext>;
}

export function useLanguage(): { language: Language; setLanguage(language: Language): void } {
  return use(LanguageContext)!;
}

export type Text = (key: TextKey, values?: Readonly<Record<string, string | number>>) => string;

/** Texts in the chosen language. */
export function useText(): Text {
  const { language } = useLanguage();
  return useMemo(() => {
    const texts = language === 'zh' ? ZH : EN;
    // A path of a connector of tomorrow has no text yet: it names itself.
    return (key, values = {}) => fill((texts as Partial<typeof texts>)[key] ?? key, values);
  }, [language]);
}
