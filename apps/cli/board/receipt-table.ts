import type { ReceiptLine } from '#libs/model/receipt';
import { displayWidth, padEnd, wrap } from '../text-width.js';
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
export function receiptTable(lines: readonly ReceiptLine[], style: Style, options: { columns?: number; notes?: Readonly<Record<string, string>> } = {}): string[] {
  const { columns = Infinity, notes = {} } = options;
  const name = Math.max(...lines.map((l) => displayWidth(l.name)));
  const room = Math.max(20, columns - name - 7);
  const hanging = (first: string, text: string, paint: (text: string) => string): string[] =>
    wrap(text, room).map((part, i) => `  ${i === 0 ? first : ' '.repeat(displayWidth(first))}  ${paint(part)}`);
  return lines.flatMap((l) => {
    const { mark, colour } = MARKS[l.state];
    const zh = [l.stateZh, l.zh].filter(Boolean).join('：');
    const en = [l.stateEn, l.en].filter(Boolean).join(': ');
    const head = hanging(`${style[colour](mark)} ${padEnd(l.name, name)}`, zh, colour === 'dim' ? (text) => text : style[colour]);
    if (notes[l.target] !== undefined) head[head.length - 1] += style.cyan(`  ${notes[l.target]}`);
    return [...head, ...hanging(`  ${style.dim(padEnd(l.target, name))}`, en, style.dim)];
  });
}
