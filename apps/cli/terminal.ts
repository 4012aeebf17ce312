import cliProgress from 'cli-progress';
import { ConfigurationError, YiciError } from '#libs/kernel/errors';
import { displayWidth, padEnd, padStart } from './text-width.js';

export interface OutputOptions {
  json?: boolean;
}

/** What a command prints: for people on stderr and stdout, or one JSON object as the last line of stdout. */
export class Terminal {
  private readonly bars = new Map<string, cliProgress.SingleBar>();
  private readonly group: cliProgress.MultiBar | undefined;

  constructor(private readonly options: OutputOptions) {
    const live = options.json !== true && process.stderr.isTTY;
    if (live) {
      this.group = new cliProgress.MultiBar({
        stream: process.stderr, hideCursor: true, clearOnComplete: false, format: '{name} {bar} {value}/{total} {unit}',
      }, cliProgress.Presets.shades_classic);
    }
  }

  /** A line for people; silent with --json. */
  say(line = ''): void {
    if (this.options.json !== true) process.stdout.write(`${line}\n`);
  }

  /** The result: an object with --json, else what `words` make of it. */
  result<T extends object>(value: T, words: (value: T) => string): void {
    process.stdout.write(this.options.json === true ? `${JSON.stringify(value)}\n` : `${words(value)}\n`);
  }

  /** Moves a progress bar; `total` 0 where it is not known yet. Without a terminal nothing is drawn. */
  progress(name: string, done: number, total: number, unit = ''): void {
    if (this.group === undefined) return;
    let bar = this.bars.get(name);
    if (bar === undefined) this.bars.set(name, (bar = this.group.create(Math.max(total, done, 1), 0, { name: name.padEnd(18), unit })));
    bar.setTotal(Math.max(total, done, 1));
    bar.update(done);
  }

  endProgress(): void {
    this.group?.stop();
  }
}

/** Prints an error so that a clerk knows what to do; never a stack, unless the program itself is wrong. */
export function printError(error: unknown, json: boolean): void {
  const e = error instanceof YiciError ? error : undefined;
  if (json) {
    process.stdout.write(`${JSON.stringify({ error: { code: e?.code ?? 'YICI_UNEXPECTED', message: messageOf(error), fix: e?.fix, faults: error instanceof ConfigurationError ? error.faults : undefined } })}\n`);
    return;
  }
  process.stderr.write(`${e === undefined ? 'YICI_UNEXPECTED' : e.code}: ${messageOf(error)}\n`);
  if (e?.fix !== undefined) process.stderr.write(`→ ${e.fix}\n`);
  if (e === undefined && error instanceof Error && error.stack !== undefined) process.stderr.write(`${error.stack}\n`);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Columns lined up; wide characters count two. */
export function table(header: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const text = [header, ...rows].map((r) => r.map(String));
  const widths = header.map((_, i) => Math.max(...text.map((r) => displayWidth(r[i] ?? ''))));
  return text.map((r) => r.map((c, i) => (typeof rows[0]?.[i] === 'number' ? padStart(c, widths[i]!) : padEnd(c, widths[i]!))).join('  ').trimEnd()).join('\n');
}
