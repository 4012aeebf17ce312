const WIDE = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{20000}-\u{3fffd}]/u;
const ESCAPE = /\u001b\[[0-9;?]*[A-Za-z]/g;

/** Columns a text takes in a terminal: wide characters two, colours none. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const c of text.replace(ESCAPE, '')) width += WIDE.test(c) ? 2 : 1;
  return width;
}

export function padEnd(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - displayWidth(text)));
}

export function padStart(text: string, width: number): string {
  return ' '.repeat(Math.max(0, width - displayWidth(text))) + text;
}

/** The text cut to so many columns, with its colours ended; a cut shows as `…`. */
export function clip(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  let out = '';
  let used = 0;
  for (const part of text.split(/(\u001b\[[0-9;?]*[A-Za-z])/)) {
    if (part.startsWith('\u001b')) {
      out += part;
      continue;
    }
    for (const c of part) {
      const next = WIDE.test(c) ? 2 : 1;
      if (used + next > width - 1) return `${out}…${text.includes('\u001b') ? '\u001b[0m' : ''}`;
      out += c;
      used += next;
    }
  }
  return out;
}

/** The text in lines of at most `width` columns; Latin words stay whole where they can, and no line begins with a closing mark. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const part of text.split(/(?<= )|(?=[^\u0000-\u00ff，。；：、）》])|(?<=[^\u0000-\u00ff])(?![，。；：、）》])/u)) {
    if (line !== '' && displayWidth(line) + displayWidth(part.trimEnd()) > width) {
      lines.push(line.trimEnd());
      line = '';
    }
    line += part;
  }
  return [...lines, line.trimEnd()];
}
