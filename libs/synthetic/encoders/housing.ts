import { FileWriter } from '../formats/file-writer.js';
import { houseCode, roomText } from '../places/dwellings.js';
import type { OwnedDwelling } from '../population/housing.js';
import type { Person } from '../population/person.js';
import { csvLine, type Desk } from './desk.js';

const HEADER = 'ID,FWBM,XQMC,LDH,DYH,FJH,DZ,CQRXM,CQRZJH,MJ,YT,SQDM';

/** The view of dwellings and owners. No times: a sale appends a row with a higher ID for the same house code. Owners' numbers are masked. Farmhouses are mostly unknown. */
export function encodeHousing(desk: Desk): void {
  const { rng } = desk;
  const rows: { fields: (string | number)[]; after: number }[] = [];
  const all = rng.shuffle(desk.city.dwellings.filter((d) => d.owners.length > 0 && (d.dwelling.estate || rng.chance(0.2)) && rng.chance(0.97)));
  all.forEach((owned, i) => {
    if (owned.formerOwners.length > 0) rows.push({ fields: view(desk, owned, owned.formerOwners, false), after: i });
    else if (rng.chance(desk.rates.staleRow * 0.4)) rows.push({ fields: view(desk, owned, owned.owners, false), after: i });
    // The current row comes later than any older row of the same house.
    rows.push({ fields: view(desk, owned, owned.owners, true), after: owned.formerOwners.length > 0 ? all.length + rng.int(1000) : i + 0.5 });
  });
  rows.sort((a, b) => a.after - b.after);
  const code = desk.city.places.divisions.communities[0]!.code;
  const bad = Array.from({ length: desk.malformed(rows.length) }, (_, i): (n: number) => Buffer => {
    if (i % 3 === 0) return (n) => Buffer.from(`${n},,残缺苑,1幢,1单元,101,,张三,,80.00,住宅,${code}\r\n`);
    if (i % 3 === 1) return (n) => Buffer.from(`${n},${code}9999010101000,残缺苑,1幢\r\n`);
    return (n) => Buffer.concat([Buffer.from(`${n},${code}9998010101000,`), Buffer.from([0xff, 0xfe]), Buffer.from(`,1幢,1单元,101,,,,80.00,住宅,${code}\r\n`)]);
  });
  desk.dead(bad.length);
  const file = new FileWriter(desk.path('V_FWCQ.csv'));
  file.write(`${HEADER}\r\n`);
  const badAt = new Map(bad.map((make) => [rng.int(rows.length), make]));
  const late = bad.filter((make) => ![...badAt.values()].includes(make));
  let id = 0;
  rows.forEach((row, i) => {
    const make = badAt.get(i);
    if (make) file.write(make(++id));
    file.write(`${csvLine([++id, ...row.fields])}\r\n`);
  });
  for (const make of late) file.write(make(++id));
  file.close();
  desk.row(id);
}

function view(desk: Desk, owned: OwnedDwelling, owners: Person[], current: boolean): (string | number)[] {
  const { rng } = desk;
  const { dwelling } = owned;
  const code = houseCode(dwelling);
  const seen = owners.map((p) => ({ ...desk.see(p), id: maskedOrEmpty(desk, p), phone: '', birth: 'empty' as const }));
  const door = dwelling.estate ? desk.addresses.full(dwelling) : '';
  const address = rng.chance(0.9) ? (rng.chance(0.4) ? desk.city.name : '') + door : '';
  if (current) {
    desk.truth.add(desk.system, 'dwelling', code, owned.entity);
    seen.forEach((s, i) => desk.file(`${code}#${i + 1}`, { ...s, phoneOfFamily: false, address: { text: address, means: undefined, complete: true } }, code, false, false));
  }
  const room = dwelling.estate ? roomText(dwelling) : String(dwelling.door);
  return [
    code, rng.chance(0.05) && dwelling.estate?.alias ? dwelling.estate.alias : dwelling.estate?.name ?? dwelling.community.name,
    dwelling.estate ? desk.addresses.buildingName(dwelling.building) : `${dwelling.building}组`,
    dwelling.estate ? `${dwelling.unit}${rng.chance(0.6) ? '单元' : ''}` : '', room.length === 3 && rng.chance(0.12) ? `0${room}` : room, address, seen.map((s) => s.name).join('、'),
      seen.map((s) => s.id).join(';'),
    dwelling.area, dwelling.use, desk.communityCode(dwelling.community),
  ];
}

/** First four and last four digits; sometimes not recorded. A number with a fault is masked with its fault. */
function maskedOrEmpty(desk: Desk, p: Person): string {
  if (desk.rng.chance(0.03)) return '';
  const id = p.formerId && desk.rng.chance(0.5) ? p.formerId : p.id;
  return id.length === 18 ? `${id.slice(0, 4)}**********${id.slice(14)}` : id;
}
