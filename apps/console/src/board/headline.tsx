import type { ReactNode } from 'react';
import type { SystemBoard } from '#libs/entries/system-board';
import { thousands } from '../text/fill.js';
import { useText } from '../text/language.js';

/** What the records of all systems were folded into, and what waits for somebody. */
export function Headline({ board }: { board: SystemBoard }): ReactNode {
  const t = useText();
  const figures = [
    { key: 'records', label: t('board.records.all'), n: board.totals.records.stored, main: true },
    { key: 'persons', label: t('board.persons'), n: board.entities.person ?? 0, main: true },
    { key: 'households', label: t('board.households'), n: board.entities.household ?? 0, main: true },
    { key: 'dwellings', label: t('board.dwellings'), n: board.entities.dwelling ?? 0, main: true },
    { key: 'reviews', label: t('board.reviews'), n: board.reviews, main: false },
    { key: 'entries', label: t('board.entries'), n: Object.values(board.entries).reduce((a, b) => a + b, 0), main: false },
    { key: 'deadLetters', label: t('board.deadLetters'), n: board.totals.deadLetters, main: false },
  ];
  return (
    <section className="headline">
      {figures.map((f) => (
        <div key={f.key} className={f.main ? 'figure main' : 'figure'} data-figure={f.key}>
          <span>{f.label}</span><b>{thousands(f.n)}</b>
        </div>
      ))}
    </section>
  );
}
