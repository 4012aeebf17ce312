const TO_SHANGHAI_MS = 8 * 3_600_000;

/** The clock of an office in Shanghai, in its own spelling; it knows seconds. */
export class OfficeClock {
  /** `shape`: from yyyy-MM-ddTHH:mm:ss to its own spelling; `unshape`: back to what Date.parse knows, '' when it is none. */
  constructor(private readonly shape: (local: string) => string, private readonly unshape: (text: string) => string) {}

  now(): string {
    return this.spell(Date.now());
  }

  /** Now, or a second after the version before where that is as new: of two versions of one time none could be told to be the newer. */
  after(before: string): string {
    const next = this.parse(before) + 1000;
    return this.spell(Number.isNaN(next) ? Date.now() : Math.max(Date.now(), next));
  }

  secondAfter(time: string): string {
    return this.spell(this.parse(time) + 1000);
  }

  /** Milliseconds since 1970; NaN when it is no time. */
  parse(time: string): number {
    return Date.parse(this.unshape(time));
  }

  private spell(millis: number): string {
    return this.shape(new Date(millis + TO_SHANGHAI_MS).toISOString().slice(0, 19));
  }
}

/** yyyy-MM-ddTHH:mm:ss+08:00; reads any offset. */
export const ISO_CLOCK = new OfficeClock((local) => `${local}+08:00`, (text) => text);

/** yyyy-MM-dd HH:mm:ss */
export const SPACED_CLOCK = new OfficeClock((local) => local.replace('T', ' '), (text) => (text === '' ? '' : `${text.replace(' ', 'T')}+08:00`));

/** yyyyMMddHHmmss */
export const COMPACT_CLOCK = new OfficeClock((local) => local.replaceAll(/\D/g, ''), (text) => {
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(text);
  return parts === null ? '' : `${parts[1]!}-${parts[2]!}-${parts[3]!}T${parts[4]!}:${parts[5]!}:${parts[6]!}+08:00`;
});
