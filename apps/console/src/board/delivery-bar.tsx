import type { ReactNode } from 'react';
import type { DeliveryBalance } from '#libs/entries/system-board';
import { thousands } from '../text/fill.js';
import { useText } from '../text/language.js';

const ORDER = ['confirmed', 'pickedUp', 'written', 'waiting', 'rejected', 'noRecord', 'notShared'] as const;

/** Deliveries of one system by state, as one stacked bar; its words say the same. */
export function DeliveryBar({ deliveries: { byState } }: { deliveries: Pick<DeliveryBalance, 'byState'> }): ReactNode {
  const t = useText();
  const parts = ORDER.flatMap((state) => (byState[state] ? [{ state, n: byState[state] }] : []));
  const words = parts.map(({ state, n }) => `${t(`delivery.${state}`)} ${thousands(n)}`).join(' · ');
  return <span className="delivery-bar" role="img" aria-label={words} title={words}>{parts.map(({ state, n }) => <i key={state} className={state} style={{ flexGrow: n }} />)}</span>;
}
