import { describe, expect, it } from '@jest/globals';
import { YiciError } from '#libs/kernel/errors';
import { createLogger } from './logger.js';

function capture(): { lines: Record<string, unknown>[]; destination: { write(s: string): void } } {
  const lines: Record<string, unknown>[] = [];
  return { lines, destination: { write: (s) => lines.push(JSON.parse(s) as Record<string, unknown>) } };
}

describe('log', () => {
  it('writes an event name and ids', () => {
    const { lines, destination } = capture();
    createLogger({ level: 'info', destination }).child({ system: 'grid' }).info('intake.batch', { rows: 3 });
    expect(lines[0]).toMatchObject({ level: 'info', event: 'intake.batch', system: 'grid', rows: 3, app: 'yici' });
  });
  it('withholds personal values that a caller passes by mistake', () => {
    const { lines, destination } = capture();
    createLogger({ level: 'info', destination }).info('x', { name: '张三', phone: '13800000000', naturalKey: 'R1' });
    expect(JSON.stringify(lines)).not.toMatch(/张三|1380000|R1/);
  });
  it('keeps values quoted in foreign messages out', () => {
    const { lines, destination } = capture();
    const log = createLogger({ level: 'info', destination });
    log.error('x', {}, new Error('duplicate key "张三" 990101199001011234 李四'));
    log.warn('y', {}, new YiciError({ code: 'YICI_X', stage: 'storing', message: 'Bad.', cause: new Error('13812345678') }));
    expect(JSON.stringify(lines)).not.toMatch(/张三|李四|9901|1381/);
    expect(lines[1]).toMatchObject({ code: 'YICI_X', stage: 'storing' });
  });
});
