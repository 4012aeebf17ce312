import { Skeleton } from 'antd';
import { lazy, Suspense, useEffect, useMemo, useRef, useState, type ReactNode } from 'react';
import type { SystemBoard } from '#libs/entries/system-board';
import { useEvents } from '../api/use-events.js';
import { Fault } from '../shell/fault.js';
import { LiveMark } from '../shell/live-mark.js';
import { useText } from '../text/language.js';
import { Balances } from './balances.js';
import { Headline } from './headline.js';
import { sampleOf, withSample, type Sample } from './pulse.js';
import { SystemsTable } from './systems-table.js';

const PulseChart = lazy(() => import('./pulse-chart.js'));

/** Samples survive a visit to another page. */
let kept: Sample[] = [];

/** The twelve systems, live. */
export default function BoardPage(): ReactNode {
  const t = useText();
  const { state: board, liveness, refused } = useEvents<SystemBoard>('/board/events', 'board');
  const now = useNow();
  const samples = useSamples(board);
  if (refused) return <Fault refused={refused} />;
  if (board === undefined) return <Skeleton active paragraph={{ rows: 14 }} />;
  return (
    <div className="board">
      <div className="page-title">
        <h1>{board.city === undefined ? t('board.title') : t('board.titleCity', { city: board.city, n: board.systems.length })}</h1>
        <LiveMark liveness={liveness} />
      </div>
      <Headline board={board} />
      <div className="board-middle">
        <Balances board={board} />
        <section className="panel pulse" aria-label={t('board.pulse')}>
          <div className="panel-head"><h2>{t('board.pulse')}</h2><span className="quiet">{t('board.pulseNote')}</span></div>
          <Suspense fallback={<div className="pulse-chart" />}><PulseChart samples={samples} now={now} /></Suspense>
        </section>
      </div>
      <SystemsTable board={board} now={now} />
    </div>
  );
}

function useSamples(board: SystemBoard | undefined): readonly Sample[] {
  const seen = useRef<SystemBoard>(undefined);
  return useMemo(() => {
    if (board !== undefined && seen.current !== board) {
      seen.current = board;
      kept = withSample(kept, sampleOf(board, Date.now()));
    }
    return kept;
  }, [board]);
}

/** The time, once a second. */
function useNow(): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = window.setInterval(() => setNow(Date.now()), 1000);
    return () => window.clearInterval(timer);
  }, []);
  return now;
}
