import { clip } from '../text-width.js';

const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';
/** Terminals that know it draw the frame at once; others leave it out. */
const FRAME = ['\u001b[?2026h', '\u001b[?2026l'] as const;

type Out = Pick<NodeJS.WriteStream, 'isTTY' | 'columns' | 'rows' | 'write'>;

/**
 * Lines at the end of the terminal that are redrawn in place; what was printed before scrolls away above them. Without a
 * terminal nothing is redrawn: only the last state of an area is printed, once.
 */
export class LiveArea {
  private drawn = 0;
  private last: readonly string[] = [];
  private hidden = false;

  constructor(private readonly out: Out = process.stdout) {}

  /** Columns there are to write in. */
  get columns(): number {
    return this.live ? this.out.columns || 80 : Infinity;
  }

  get live(): boolean {
    return this.out.isTTY === true;
  }

  update(lines: readonly string[]): void {
    this.last = lines;
    if (!this.live) return;
    // A frame taller than the window could not be redrawn in place.
    const shown = lines.slice(0, Math.max(3, (this.out.rows || 24) - 1));
    const body = shown.map((line) => `${clip(line, this.out.columns || 80)}\u001b[K\n`).join('');
    this.out.write(`${FRAME[0]}${this.hidden ? '' : HIDE_CURSOR}${this.up()}${body}\u001b[J${FRAME[1]}`);
    this.hidden = true;
    this.drawn = shown.length;
  }

  /** Prints lines for good; a live area is drawn again below them. */
  print(...lines: readonly string[]): void {
    if (!this.live) {
      this.out.write(lines.map((line) => `${line}\n`).join(''));
      return;
    }
    this.out.write(`${this.up()}${lines.map((line) => `\u001b[2K${line}\n`).join('')}\u001b[J`);
    const again = this.drawn > 0 ? this.last : [];
    this.drawn = 0;
    if (again.length > 0) this.update(again);
  }

  /** Leaves the area as it stands (or as `lines` say); the next one begins below it. */
  freeze(lines: readonly string[] = this.last): void {
    if (this.live) {
      this.out.write(`${this.up()}${lines.map((line) => `\u001b[2K${line}\n`).join('')}\u001b[J${SHOW_CURSOR}`);
    } else if (lines.length > 0) this.out.write(lines.map((line) => `${line}\n`).join(''));
    this.drawn = 0;
    this.last = [];
    this.hidden = false;
  }

  private up(): string {
    return this.drawn > 0 ? `\u001b[${this.drawn}A\r` : '';
  }
}
