import { Injectable, type PipeTransform } from '@nestjs/common';
import { invalidRequest, requestValidation } from '#libs/access/request-validation';
import type { FieldFault } from '#libs/access/request-refused';
import { readCitizenId } from '#libs/values/citizen-id';
import { ENTRY_CLASSES, ENTRY_KINDS, type AnyEntryRequest, type EntryKind } from './entry-requests.js';

/** Reads the body of POST /entries: picks the class by `kind`, checks each field, then what only fields together can tell. */
@Injectable()
export class EntryPipe implements PipeTransform<unknown, Promise<AnyEntryRequest>> {
  private readonly validation = requestValidation();

  /** Throws RequestRefused 400 YICI_REQUEST_INVALID with the faults of all fields. */
  async transform(body: unknown): Promise<AnyEntryRequest> {
    const kind = typeof body === 'object' && body !== null && Object.hasOwn(body, 'kind') ? (body as { kind: unknown }).kind : undefined;
    if (!isEntryKind(kind)) {
      throw invalidRequest([{ field: 'kind', zh: `请选择录入种类。`, en: `One of ${ENTRY_KINDS.join(', ')}.` }]);
    }
    const entry = (await this.validation.transform(body, { type: 'body', metatype: ENTRY_CLASSES[kind] })) as AnyEntryRequest;
    const faults = faultsBetweenFields(entry);
    if (faults.length > 0) throw invalidRequest(faults);
    return entry;
  }
}

function isEntryKind(kind: unknown): kind is EntryKind {
  return (ENTRY_KINDS as readonly unknown[]).includes(kind);
}

/** What single fields cannot tell. */
export function faultsBetweenFields(entry: AnyEntryRequest): FieldFault[] {
  const faults: FieldFault[] = [];
  if (entry.kind !== 'newPerson' && (entry.personId === undefined) === (entry.person === undefined)) {
    faults.push({ field: 'personId', zh: '请先选择此人，或填写姓名和身份证号（二者择一）。', en: 'Choose the person first, or enter name and citizen ID: one of the two.' });
  }
  if (entry.kind === 'newPerson' && entry.citizenId === undefined && entry.birthDate === undefined) {
    faults.push({ field: 'birthDate', zh: '没有身份证号时请填写出生日期。', en: 'Without a citizen ID the birth date is needed.' });
  }
  if (entry.kind === 'newPerson' && entry.citizenId !== undefined && contradictsId(entry.citizenId, entry.birthDate)) {
    faults.push({ field: 'birthDate', zh: '出生日期与身份证号不符，请核对。', en: 'The birth date does not fit the citizen ID; compare them.' });
  }
  if (entry.kind === 'move' && entry.direction !== 'left' && entry.address === undefined) {
    faults.push({ field: 'address', zh: '请填写新住址。', en: 'Enter the new address.' });
  }
  if (entry.kind === 'householdChange' && entry.change === 'joined' && entry.householdId === undefined) {
    faults.push({ field: 'householdId', zh: '请选择所加入的户。', en: 'Choose the household the person joined.' });
  }
  if (entry.kind === 'householdChange' && entry.change !== 'married' && entry.spouse !== undefined) {
    faults.push({ field: 'spouse', zh: '只有结婚时填写配偶。', en: 'A spouse goes with a marriage only.' });
  }
  return faults;
}

function contradictsId(citizenId: string, birthDate: string | undefined): boolean {
  const reading = readCitizenId(citizenId);
  if (reading?.status !== 'valid' || birthDate === undefined) return false;
  return reading.value.slice(6, 14) !== birthDate.replaceAll('-', '');
}
