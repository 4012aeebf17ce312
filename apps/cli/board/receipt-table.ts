import type { ReceiptLine } from '#libs/fanout/receipts';
import { displayWidth, padEnd } from '../text-width.js';
import type { Style } from './style.js';

const MARKS: Record<ReceiptLine['state'], { mark: string; colour: 'green' | 'yellow' | 'red' | 'dim' }> = {
  confirmed: { mark: '✓', colour: 'green' },
  pickedUp: { mark: '✓', colour: 'green' },
  written: { mark: '✓', colour: 'green' },
  waiting: { mark: '…', colour: 'yellow' },
  rejected: { mark: '✗', colour: 'red' },
  notShared: { mark: '–', colour: 'dim' },
  noRecord: { mark: '–', colour: 'dim' },
};

/** A receipt, two lines a target: where it stands and why, in Chinese and in English. `notes` add what was seen at the target itself. */
export function receiptTable(lines: readonly ReceiptLine[], style: Style, notes: Readonly<Record<string, string>> = {}): string[] {
  const name = Math.max(...lines.map((l) => displayWidth(l.name)));
  return lines.flatMap((l) => {
    const { mark, colour } = MARKS[l.state];
    const zh = [l.stateZh, l.zh].filter(Boolean).join('：');
    const en = [l.stateEn, l.en].filter(Boolean).join(': ');
    const paint = colour === 'dim' ? (text: string) => text : style[colour];
    return [
      `  ${style[colour](mark)} ${padEnd(l.name, name)}  ${paint(zh)}${notes[l.target] === undefined ? '' : style.cyan(`  ${notes[l.target]}`)}`,
      style.dim(`    ${padEnd(l.target, name)}  ${en}`),
    ];
  });
}
