import type { SystemBoard } from '#libs/entries/system-board';
import { useAnswer } from '../api/use-answer.js';
import { useLanguage, useText } from '../text/language.js';

/** Names of the systems in the chosen language; `hub` is what workers entered here. */
export function useSystemNames(): (id: string) => string {
  const t = useText();
  const { language } = useLanguage();
  const { data } = useAnswer<SystemBoard>('/board');
  return (id) => {
    if (id === 'hub') return t('person.entrySystem');
    const system = data?.systems.find((s) => s.id === id);
    return system === undefined ? id : language === 'zh' ? system.name : system.nameEn;
  };
}
