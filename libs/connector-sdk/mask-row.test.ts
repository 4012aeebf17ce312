import { describe, expect, it } from '@jest/globals';
import { encodeText } from './formats/encode-text.js';
import { maskRow } from './mask-row.js';

const row = { ID: '1', XM: '张伟强', ZM: '盗窃', ACCOUNT: '6222000011112222' };

describe('masking what must never enter', () => {
  it.each(['utf-8', 'gb18030'] as const)('overwrites its bytes in a %s row and nothing else', (encoding) => {
    const bytes = encodeText('1,张伟强,盗窃,6222000011112222', encoding);
    const masked = maskRow(bytes, row, ['ZM', 'ACCOUNT']);
    expect(masked).toHaveLength(bytes.length);
    expect(new TextDecoder(encoding).decode(masked)).toBe(`1,张伟强,${'*'.repeat(encoding === 'utf-8' ? 6 : 4)},${'*'.repeat(16)}`);
    expect(new TextDecoder(encoding).decode(bytes)).toContain('盗窃');
  });

  it('gives the other columns as JSON where the text is escaped in the row', () => {
    const escaped = { ...row, ZM: '盗"窃' };
    const masked = Buffer.from(maskRow(Buffer.from('1,张伟强,"盗""窃"'), escaped, ['ZM'])).toString();
    expect(JSON.parse(masked)).toEqual({ ...row, ZM: '***' });
  });

  it('leaves the row alone when it holds nothing of the kind', () => {
    const bytes = Buffer.from('1,张伟强,,');
    expect(maskRow(bytes, { ...row, ZM: '', ACCOUNT: '' }, ['ZM', 'ACCOUNT'])).toBe(bytes);
    expect(maskRow(bytes, row, [])).toBe(bytes);
  });
});
