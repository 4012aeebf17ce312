import { SaxesParser } from 'saxes';

/**
 * Walks a small XML part of a workbook. `onText` gets the text with the path of open elements.
 * A DOCTYPE ends the walk with an error, so that no entity is ever expanded.
 */
export function readElements(
  part: Uint8Array | string,
  onOpen: (tag: string, attributes: Record<string, string>) => void,
  onText?: (text: string, path: readonly string[]) => void,
  fragment = false,
): void {
  const parser = new SaxesParser({ fragment });
  const path: string[] = [];
  parser.on('doctype', () => {
    throw new Error('a DOCTYPE is not allowed');
  });
  parser.on('opentag', (tag) => {
    path.push(tag.name);
    onOpen(tag.name, tag.attributes as Record<string, string>);
  });
  const text = (t: string): void => onText?.(t, path);
  parser.on('text', text);
  parser.on('cdata', text);
  parser.on('closetag', () => void path.pop());
  parser.write(typeof part === 'string' ? part : Buffer.from(part).toString('utf8')).close();
}
