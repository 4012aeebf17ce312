import { roomText, type Dwelling, type Places } from '../places/dwellings.js';
import type { Person } from '../population/person.js';
import type { Rng } from '../random.js';
import type { DirtRates } from './dirt-rates.js';

const fullWidth = (text: string): string => text.replace(/[0-9]/g, (d) => String.fromCharCode(d.charCodeAt(0) + 0xfee0));
const HAN = ['〇', '一', '二', '三', '四', '五', '六', '七', '八', '九', '十', '十一', '十二', '十三', '十四', '十五', '十六'];
const CIRCLED = '①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯';

export interface WrittenPhone {
  text: string;
  /** The number (cleaned, first if two) is a relative's, not the person's own. */
  ofFamily: boolean;
}

/** What is written in a phone column: own, borrowed, given up, or nothing; in one of many forms. */
export function writePhone(p: Person, rates: DirtRates, rng: Rng): WrittenPhone {
  let number = p.phone;
  let ofFamily = p.phoneShared;
  if (!ofFamily && number && rng.chance(rates.phoneFamily)) {
    const relative = [p.spouse, ...(p.home?.members ?? []), p.mother, p.father, ...p.children].find((r) => r !== undefined && r !== p && r.phone !== '' && r.phone !== p.phone);
    if (relative && (relative.home === p.home || relative === p.spouse || p.children.includes(relative) || relative === p.mother || relative === p.father)) {
      number = relative.phone;
      ofFamily = true;
    }
  }
  if (p.oldPhone && rng.chance(rates.phoneOld)) {
    number = p.oldPhone;
    ofFamily = false;
  }
  if (number === '' || rng.chance(rates.phoneEmpty)) return { text: '', ofFamily: false };
  if (!rng.chance(rates.phoneForm)) return { text: number, ofFamily };
  const kind = rng.int(6);
  const second = p.oldPhone || `6${rng.digits(6)}`;
  const text = [`+86${number}`, `0${number}`, fullWidth(number), `${number} ${second}`, `${number.slice(0, 3)}-${number.slice(3, 7)}-${number.slice(7)}`, `${number}/${second}`][kind]!;
  return { text, ofFamily };
}

/** First number of the field, digits only, without country code and leading zero. */
export function cleanPhone(text: string): string {
  const first = text.normalize('NFKC').split(/[ /;、,]/)[0]!.replace(/\D/g, '');
  return first.replace(/^86(?=1\d{10}$)/, '').replace(/^0(?=1\d{10}$)/, '');
}

export interface WrittenAddress {
  text: string;
  /** The dwelling the text means; undefined when empty or none of the city. */
  means: Dwelling | undefined;
  /** The text names the whole way to the door. */
  complete: boolean;
}

export const NO_ADDRESS: WrittenAddress = { text: '', means: undefined, complete: false };

/** Writes addresses the way clerks do: any prefix, any building form, with the mistakes of the rates. */
export class AddressWriter {
  constructor(private readonly places: Places, private readonly rates: DirtRates, private readonly rng: Rng) {}

  /** Address of where `now` is; may come out stale (`before`), partial, wrong or empty. */
  write(now: Dwelling | undefined, before: Dwelling | undefined): WrittenAddress {
    const { rng, rates } = this;
    if (!now || rng.chance(rates.addressEmpty)) return NO_ADDRESS;
    let means = before && rng.chance(rates.addressStale) ? before : now;
    if (rng.chance(rates.addressWrongDoor)) means = { ...means, door: means.door === 1 ? 2 : means.door - 1 };
    const complete = !rng.chance(rates.addressPartial);
    let text = complete ? this.full(means) : this.partial(means);
    if (rng.chance(rates.addressTag)) text += rng.pick(['（对面）', '（出租）', '(空挂户)', '（暂住）', '（与父母同住）']);
    return { text, means, complete };
  }

  /** Complete address in any of the usual forms. */
  full(d: Dwelling): string {
    const x = this.rng.next();
    if (!d.estate) return (x < 0.5 ? this.district(d) + d.community.street.name + this.community(d) : x < 0.85 ? this.district(d) + this.community(d) : this.community(d)) + this.house(d);
    const where = this.house(d);
    const road = this.road(d);
    const estate = this.estate(d);
    const { street } = d.community;
    if (x < 0.22) return this.district(d) + this.street(d, street.name) + this.community(d) + road + estate + where;
    if (x < 0.5) return this.district(d) + this.street(d, street.name) + road + estate + where;
    if (x < 0.62) return this.district(d) + road + estate + where;
    if (x < 0.72) return this.district(d) + road + where;
    if (x < 0.86) return this.community(d) + estate + where;
    return estate + where;
  }

  /** Road, number, estate and door without the divisions; the rest of the register's split address. */
  estateAndDoor(d: Dwelling): string {
    return d.estate ? this.estate(d) + this.house(d) : this.house(d);
  }

  buildingName(building: number): string {
    const { rng } = this;
    const x = rng.next();
    const numeral = x < 0.72 ? String(building) : x < 0.9 ? HAN[building] ?? String(building) : CIRCLED[building - 1] ?? String(building);
    return numeral + rng.pick(['幢', '栋', '号楼', '#']);
  }

  private house(d: Dwelling): string {
    const { rng } = this;
    if (!d.estate) return `${d.building}组${d.door}号`;
    const room = roomText(d);
    const single = d.estate.units === 1;
    if (rng.chance(0.3)) return single && rng.chance(0.7) ? `${d.building}-${room}` : `${d.building}-${d.unit}-${room}`;
    const shown = room.length === 3 && rng.chance(0.07) ? `0${room}` : room;
    return this.buildingName(d.building) + (single && rng.chance(0.5) ? '' : `${d.unit}单元`) + shown + rng.pick(['室', '', '号', '室']);
  }

  private partial(d: Dwelling): string {
    const { rng } = this;
    const start = rng.chance(0.5) ? this.district(d) + this.street(d, d.community.street.name) : '';
    if (!d.estate) return start + this.community(d) + (rng.chance(0.5) ? `${d.building}组` : '');
    const x = rng.next();
    if (x < 0.45) return start + this.estate(d) + this.buildingName(d.building);
    if (x < 0.75) return start + this.estate(d);
    return start + this.road(d);
  }

  private district(d: Dwelling): string {
    return (this.rng.chance(0.08) ? this.places.divisions.city.name : '') + d.community.district.name;
  }

  private street(d: Dwelling, name: string): string {
    const old = d.community.formerly[0];
    return old && this.rng.chance(this.rates.addressClosed) ? this.places.divisions.all.find((x) => x.code === old.parent)!.name : name;
  }

  private community(d: Dwelling): string {
    const old = d.community.formerly[0];
    return old && this.rng.chance(this.rates.addressClosed) ? old.name : d.community.name;
  }

  private road(d: Dwelling): string {
    const { road, number } = d.estate!;
    const old = this.places.divisions.roadRenames.get(road);
    return `${old && this.rng.chance(this.rates.addressOldRoad) ? old : road}${number}号`;
  }

  private estate(d: Dwelling): string {
    const { name, alias } = d.estate!;
    return alias && this.rng.chance(this.rates.addressAlias) ? alias : name;
  }
}
