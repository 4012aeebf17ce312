import { Empty, Switch, Tooltip } from 'antd';
import { useMemo, useState, type ReactNode } from 'react';
import type { PersonView, RecordView } from '#libs/entries/controllers/golden-views';
import { parseKey } from './record-key.js';
import { useLanguage, useText, type Text } from '../text/language.js';
import { momentOf } from '../text/times.js';
import type { TextKey } from '../text/zh.js';
import { sideBySide, type Cell, type ComparedRow } from './side-by-side.js';
import { useWording } from './use-wording.js';
import { valueTexts } from './value-text.js';

type Cover = (path: string, text: string) => string;

/** Fields as rows, the golden record first, then each system's record as a column. */
export function ComparePanel({ person, nameOf, cover }: { person: PersonView; nameOf: (system: string) => string; cover: Cover }): ReactNode {
  const t = useText();
  const wording = useWording();
  const [onlyDifferent, setOnlyDifferent] = useState(false);
  const rows = useMemo(() => sideBySide(person.fields, person.records, (path, value) => valueTexts(path, value, wording)), [person, wording]);
  const shown = onlyDifferent ? rows.filter((r) => r.differs) : rows;
  return (
    <section>
      <div className="compare-bar">
        {person.records.length > 0 ? <Legend t={t} /> : <span className="quiet">{t('compare.masked')}</span>}
        {person.records.length > 0 && <label className="switch-label"><Switch size="small" checked={onlyDifferent} onChange={setOnlyDifferent} />{t('compare.onlyDifferent')}</label>}
      </div>
      {shown.length === 0 ? <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t('compare.noDifference')} /> : (
        <div className="compare-scroll" tabIndex={0} role="region" aria-label={t('person.tab.compare')}>
          <table className="compare">
            <thead>
              <tr>
                <th scope="col" className="field">{t('compare.field')}</th>
                <th scope="col" className="golden">{t('person.golden')}</th>
                {person.records.map((r) => <RecordHead key={r.key} record={r} name={nameOf(r.system)} cover={cover} t={t} />)}
              </tr>
            </thead>
            <tbody>{shown.map((row) => <CompareRow key={row.path} row={row} records={person.records} nameOf={nameOf} cover={cover} t={t} />)}</tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function RecordHead({ record: r, name, cover, t }: { record: RecordView; name: string; cover: Cover; t: Text }): ReactNode {
  const { language } = useLanguage();
  return (
    <th scope="col">
      <span className="record-system">{name}</span>
      <small className="record-key" title={parseKey(r.key).naturalKey.length > 20 ? cover('', parseKey(r.key).naturalKey) : undefined}>{cover('', parseKey(r.key).naturalKey)}</small>
      <small className="quiet">{t('compare.updated', { time: momentOf(r.sourceTime ?? r.observedAt, language) })}</small>
      {r.state === 'withdrawn' && <em className="record-tag">{t('compare.withdrawn')}</em>}
      {r.attached && <em className="record-tag">{t('compare.attached')}</em>}
    </th>
  );
}

function CompareRow({ row, records, nameOf, cover, t }: { row: ComparedRow; records: readonly RecordView[]; nameOf: (system: string) => string; cover: Cover; t: Text }): ReactNode {
  const { path } = row;
  const origin = row.origins.length === 0 ? undefined : row.origins.length === 1 ? t('compare.origin', { system: nameOf(row.origins[0]!) }) : t('compare.originMany', { n: row.origins.length });
  return (
    <tr data-field={path} className={row.differs ? 'differs' : ''}>
      <th scope="row" className="field">{fieldName(path, t)}</th>
      <td className="golden">
        <Lines path={path} texts={row.golden} cover={cover} />
        {origin !== undefined && <small className="origin">{origin}{row.reason !== undefined && <> · {reasonWords(row.reason, t)}</>}</small>}
      </td>
      {row.cells.map((cell, i) => <CompareCell key={records[i]!.key} path={path} cell={cell} cover={cover} t={t} />)}
    </tr>
  );
}

function CompareCell({ path, cell, cover, t }: { path: string; cell: Cell; cover: Cover; t: Text }): ReactNode {
  const words = cell.mark === 'none' || cell.mark === 'same' ? undefined : t(`compare.legend.${cell.mark}`);
  const content = <div className="cell"><Lines path={path} texts={cell.texts} cover={cover} />{cell.issue !== undefined && <small className="issue" title={cell.issue}>{t('compare.legend.issue')}</small>}</div>;
  return (
    <td className={cell.mark} data-mark={cell.mark}>
      {words !== undefined && <i className="cell-mark" role="img" aria-label={words} title={words} />}
      {cell.raw === undefined ? content : <Tooltip title={t('compare.raw', { raw: cover(path, cell.raw) })}>{content}</Tooltip>}
    </td>
  );
}

function Lines({ path, texts, cover }: { path: string; texts: readonly string[]; cover: Cover }): ReactNode {
  if (texts.length === 0) return <span className="nothing">–</span>;
  return texts.map((text, i) => <span key={i} className="line">{cover(path, text)}</span>);
}

function Legend({ t }: { t: Text }): ReactNode {
  return (
    <ul className="legend">
      {(['winner', 'same', 'different', 'echo'] as const).map((mark) => <li key={mark}><span className={`legend-box ${mark}`}><i className="cell-mark" /></span>{t(`compare.legend.${mark}`)}</li>)}
    </ul>
  );
}

/** The name of a canonical path; a path that the dictionary lacks names itself. */
export function fieldName(path: string, t: Text): string {
  if (path.startsWith('memberships.')) return t(`household.${path.slice('memberships.'.length)}` as TextKey);
  const text = t(`field.${path}` as TextKey);
  return text === `field.${path}` ? path : text;
}

const REASONS = new Set(['authority', 'recency', 'onlyValue', 'twoSources', 'oneWitness', 'mergedSet', 'lessAuthority']);

function reasonWords(reason: string, t: Text): string {
  return t(REASONS.has(reason) ? (`reason.${reason}` as TextKey) : 'reason.other');
}
