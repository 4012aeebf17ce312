import { BarChart } from 'echarts/charts';
import { GridComponent, TooltipComponent } from 'echarts/components';
import { init, use as register, type EChartsType } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import { useEffect, useRef, type ReactNode } from 'react';
import { useText } from '../text/language.js';
import { secondOf } from '../text/times.js';
import { bucketsOf, type Sample } from './pulse.js';

register([BarChart, GridComponent, TooltipComponent, SVGRenderer]);

const RECEIVED = '#8fb3bb';
const DELIVERED = '#1c5d6c';

/** What came in and what went out, second by second: up and down from one line. */
export default function PulseChart({ samples, now }: { samples: readonly Sample[]; now: number }): ReactNode {
  const t = useText();
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<EChartsType>(undefined);
  useEffect(() => {
    const drawn = init(box.current!, undefined, { renderer: 'svg' });
    chart.current = drawn;
    const observer = new ResizeObserver(() => drawn.resize());
    observer.observe(box.current!);
    return () => {
      observer.disconnect();
      drawn.dispose();
    };
  }, []);
  const tick = Math.floor(now / 5000);
  const buckets = bucketsOf(samples, now);
  const quiet = buckets.every((b) => b.received === 0 && b.delivered === 0);
  const [received, delivered] = [t('board.pulse.received'), t('board.pulse.delivered')];
  useEffect(() => {
    chart.current?.setOption({
      animation: false,
      textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
      grid: { left: 8, right: 8, top: 10, bottom: 22, outerBoundsMode: 'same', outerBoundsContain: 'axisLabel' },
      tooltip: { trigger: 'axis', axisPointer: { type: 'shadow' }, confine: true },
      xAxis: { type: 'category', data: buckets.map((b) => secondOf(new Date(b.at).toISOString())), axisTick: { show: false }, axisLine: { lineStyle: { color: '#d4d3cb' } }, axisLabel: { color: '#6b7478', fontSize: 11, interval: 11, formatter: (text: string) => text.slice(0, 5) } },
      yAxis: { type: 'value', minInterval: 1, splitNumber: 3, axisLabel: { color: '#6b7478', fontSize: 11 }, splitLine: { lineStyle: { color: '#eeece5' } } },
      series: [
        { name: received, type: 'bar', stack: 'all', itemStyle: { color: RECEIVED }, barCategoryGap: '30%', data: buckets.map((b) => b.received) },
        { name: delivered, type: 'bar', stack: 'all', itemStyle: { color: DELIVERED }, data: buckets.map((b) => b.delivered) },
      ],
    });
  // The buckets change with the samples and every five seconds.
  }, [samples, tick, received, delivered]);
  return (
    <>
      <div className="pulse-legend"><span><i style={{ background: RECEIVED }} />{received}</span><span><i style={{ background: DELIVERED }} />{delivered}</span></div>
      <div className="pulse-box"><div ref={box} className="pulse-chart" aria-hidden="true" />{quiet && <p className="pulse-quiet quiet">{t('board.quiet')}</p>}</div>
    </>
  );
}
