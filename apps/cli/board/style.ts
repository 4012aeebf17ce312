/** Colours of the board; all of them nothing where nobody looks at a terminal. */
export class Style {
  constructor(readonly on: boolean) {}

  /** Colours on a terminal only, and not against the reader's wish (no-color.org). */
  static for(stream: Pick<NodeJS.WriteStream, 'isTTY'>): Style {
    return new Style(stream.isTTY === true && !process.env['NO_COLOR']);
  }

  readonly bold = (text: string): string => this.wrap('1', text);
  readonly dim = (text: string): string => this.wrap('2', text);
  readonly red = (text: string): string => this.wrap('31', text);
  readonly green = (text: string): string => this.wrap('32', text);
  readonly yellow = (text: string): string => this.wrap('33', text);
  readonly cyan = (text: string): string => this.wrap('36', text);
  /** White on vermilion, as a seal. */
  readonly seal = (text: string): string => this.wrap('1;97;41', text);

  private wrap(code: string, text: string): string {
    return this.on ? `\u001b[${code}m${text}\u001b[0m` : text;
  }
}
