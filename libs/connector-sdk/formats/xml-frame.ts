import { SaxesParser } from 'saxes';
import type { TextEncoding } from './format-options.js';
import { schemaDrift, unreadable } from './snapshot-fault.js';
import { fatalDecoder } from './text-chunks.js';

const DECLARED: Record<TextEncoding, RegExp> = { gbk: /^(gbk|gb2312|gb18030)$/i, gb18030: /^(gbk|gb2312|gb18030)$/i, 'utf-8': /^utf-?8$/i };

/** The part of an XML file around its records: prolog and containers, checked for what would make the whole file untrustworthy. */
export class XmlFrame {
  private readonly parser = new SaxesParser();
  private readonly texts = new Map<string, string>();
  private path: string[] = [];
  private root: string | undefined;
  /** Depth of the container that holds the records; set when its end is looked for. */
  private container = -1;
  private stray = false;

  constructor(private readonly name: string, private readonly options: { encoding: TextEncoding; rootElement?: string }) {
    this.parser.on('opentag', (tag) => {
      this.root ??= tag.name;
      if (this.path.length === this.container) this.stray = true;
      this.path.push(tag.name);
    });
    this.parser.on('text', (text) => {
      this.texts.set(this.path.at(-1) ?? '', text.trim());
      if (this.path.length === this.container && text.trim() !== '') this.stray = true;
    });
    this.parser.on('closetag', () => {
      this.path.pop();
      if (this.path.length < this.container) this.container = -1;
    });
  }

  /** Throws YICI_SNAPSHOT_UNREADABLE or YICI_SNAPSHOT_SCHEMA_DRIFT. */
  begin(prolog: Buffer): void {
    let text: string;
    try {
      text = fatalDecoder(this.options.encoding).decode(prolog);
    } catch (cause) {
      throw unreadable(`The beginning of ${this.name} is not ${this.options.encoding} text.`, 'Ask for the file again in the agreed encoding.', cause);
    }
    if (/<!\s*(DOCTYPE|ENTITY)/i.test(text)) {
      throw unreadable(`${this.name} declares a DOCTYPE, which no agreed file does; it could hold an entity bomb.`, 'Ask the owner of the system for a file without DOCTYPE.');
    }
    const declared = /^\s*<\?xml[^>]*encoding=["']([^"']+)["']/.exec(text)?.[1];
    if (declared !== undefined && !DECLARED[this.options.encoding].test(declared)) {
      throw unreadable(`${this.name} declares another encoding than ${this.options.encoding}.`, 'Ask for the agreed encoding, or change it in connector.yaml if the system has changed.');
    }
    try {
      this.parser.write(text);
    } catch (cause) {
      throw unreadable(`${this.name} is not an XML file.`, 'Check that the right file was sent.', cause);
    }
    if (this.root === undefined) throw unreadable(`${this.name} is empty or not an XML file.`, 'Ask for the file again.');
    if (this.options.rootElement !== undefined && this.root !== this.options.rootElement) {
      throw schemaDrift(this.name, [`the outermost element is not <${this.options.rootElement}>`]);
    }
  }

  /** What follows the last record: it closes the containers, it was cut off before that, or it holds something else beside the records. */
  end(tail: Buffer): 'closed' | 'cut' | 'stray' {
    this.container = this.path.length;
    try {
      this.parser.write(fatalDecoder(this.options.encoding).decode(tail)).close();
      return this.stray ? 'stray' : 'closed';
    } catch {
      return 'cut';
    }
  }

  /** Text of an element before the first record, e.g. the declared total. */
  textOf(element: string): string | undefined {
    return this.texts.get(element);
  }
}
