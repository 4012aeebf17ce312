import type { ReactNode } from 'react';

/** The seal 一次, as it stands at the head of the terminal's board. */
export function Seal({ size = 34 }: { size?: number }): ReactNode {
  return <span className="seal" style={{ fontSize: size * 0.44, width: size, height: size }} aria-hidden="true">一次</span>;
}
