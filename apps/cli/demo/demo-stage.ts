import { setInterval } from 'node:timers';
import type { FirstAccount } from '#libs/access/first-accounts';
import { bar } from '../board/bar.js';
import { LiveArea } from '../board/live-area.js';
import type { Style } from '../board/style.js';
import { padEnd } from '../text-width.js';

const FRAME_MS = 100;

/** What the demo shows: numbered headings with their time, and an area below them that is redrawn in place. */
export class DemoStage {
  private number = 0;
  private began = 0;

  constructor(readonly area: LiveArea, readonly style: Style) {}

  logo(version: string): void {
    const { style } = this;
    this.area.print('', ` ${style.seal(' 一次 ')}  ${style.bold('Yici')} ${style.dim(version)}   一次录入，多方共享  ${style.dim('Entered once, shared many times')}`, '');
  }

  heading(zh: string, en: string): void {
    this.number += 1;
    this.began = performance.now();
    this.area.print(`${this.style.bold(`${this.number} ${zh}`)}  ${this.style.dim(en)}`);
  }

  progress(step: string, share: number): void {
    this.area.update([`  ${this.style.cyan(bar(share, 24))} ${step}`]);
  }

  /** Ends the step of the last heading. */
  done(line = ''): void {
    this.area.freeze([]);
    const seconds = this.style.dim(`${((performance.now() - this.began) / 1000).toFixed(1)} s`);
    this.area.print(`  ${this.style.green('✓')} ${line === '' ? '' : `${line}  `}${seconds}`, '');
  }

  passwords(accounts: readonly FirstAccount[]): void {
    const { style } = this;
    this.area.print(`  ${style.yellow('本次生成的口令，只显示这一次  passwords made for this run, shown this once')}`);
    this.area.print(...accounts.map((a) => `    ${padEnd(a.username, 14)}${style.bold(a.password)}`), '');
  }

  /** Draws `lines` again and again while `work` runs. */
  async redrawing<T>(lines: () => string[], work: () => Promise<T>): Promise<T> {
    const timer = this.area.live ? setInterval(() => this.area.update(lines()), FRAME_MS) : undefined;
    try {
      return await work();
    } finally {
      clearInterval(timer);
    }
  }
}
