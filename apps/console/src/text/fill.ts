export type Language = 'zh' | 'en';

/** Fills `{name}` in a text; numbers with thousands separated. */
export function fill(text: string, values: Readonly<Record<string, string | number>>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    return value === undefined ? whole : typeof value === 'number' ? thousands(value) : value;
  });
}

/** 12345 → 12,345 */
export function thousands(n: number): string {
  return String(n).replace(/\B(?=(\d{3})+$)/g, ',');
}

/**
 * One language of a sentence that the hub says in both, Chinese first: `请先登录。Please sign in.` A text in one language
 * alone stands for both.
 */
export function sentenceIn(language: Language, text: string): string {
  const split = /^(.*\p{Script=Han}.*[。！？])\s*([^\p{Script=Han}]*[a-z][^\p{Script=Han}]*)$/su.exec(text);
  if (split === null) return text;
  return language === 'zh' ? split[1]! : split[2]!;
}
