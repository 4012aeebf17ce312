import type { ReactNode } from 'react';

/** Line icons of the console, drawn on a 20 × 20 grid in the colour of the text. */
const PATHS = {
  board: 'M3 4h14M3 10h14M3 16h14M7 2v4M13 8v4M9 14v4',
  persons: 'M10 9.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7ZM3.5 17.5c.6-3.4 3.2-5.2 6.5-5.2s5.9 1.8 6.5 5.2',
  entry: 'M4 16.5h12M5 13l.6-3 7.2-7.2a1.4 1.4 0 0 1 2 0l.4.4a1.4 1.4 0 0 1 0 2L8 12.4 5 13Z',
  language: 'M3 5h8M7 3v2M5 5c.4 3 2.3 5.4 5 6.5M9.6 5C9 8.200 7 10.600 4 12M10.500 17l3.500-8 3.500 8M11.700 14.500h4.600',
  out: 'M8 3.500H4.500a1 1 0 0 0-1 1v11a1 1 0 0 0 1 1H8M12.500 13.500 16 10l-3.500-3.500M16 10H7.500',
  search: 'M9 15a6 6 0 1 0 0-12 6 6 0 0 0 0 12ZM13.500 13.500 17.500 17.500',
  eye: 'M2 10s3-5.500 8-5.500S18 10 18 10s-3 5.500-8 5.500S2 10 2 10ZM10 12.500a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5Z',
  eyeOff: 'M3 3l14 14M8 5c.6-.3 1.300-.5 2-.5 5 0 8 5.500 8 5.500a14 14 0 0 1-2.400 3M5 6.400A14 14 0 0 0 2 10s3 5.500 8 5.500c1.200 0 2.300-.3 3.300-.8',
  check: 'M4 10.500 8.200 14.500 16 6',
  cross: 'M5.500 5.500l9 9M14.500 5.500l-9 9',
  wait: 'M10 5v5l3.500 2',
  minus: 'M5.500 10h9',
  back: 'M12.500 4 6.500 10l6 6',
} as const;

export type IconName = keyof typeof PATHS;

/** `className` is what antd gives an icon that it places itself. */
export function Icon({ name, size = 18, weight = 1.6, className }: { name: IconName; size?: number; weight?: number; className?: string }): ReactNode {
  return (
    <svg className={className === undefined ? 'icon' : `icon ${className}`} width={size} height={size} viewBox="0 0 20 20" fill="none" stroke="currentColor" strokeWidth={weight} strokeLinecap="round" strokeLinejoin="round" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
