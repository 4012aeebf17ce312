import { ValidationPipe, type ValidationError } from '@nestjs/common';
import { RequestRefused, type FieldFault } from './request-refused.js';

const BAR = ' | ';

/** A validation message in both languages, as class-validator carries it. */
export function said(zh: string, en: string): string {
  return zh + BAR + en;
}

/** The one pipe of all routes: unknown fields are refused (a misspelt field must not vanish), texts become numbers where a DTO says so. */
export function requestValidation(): ValidationPipe {
  return new ValidationPipe({
    transform: true,
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: true,
    stopAtFirstError: true,
    validationError: { target: false, value: false },
    exceptionFactory: (errors) => invalidRequest(errors.flatMap((e) => fieldFaults(e))),
  });
}

/** 400 with the faults of all fields at once. */
export function invalidRequest(faults: readonly FieldFault[]): RequestRefused {
  return new RequestRefused(400, {
    code: 'YICI_REQUEST_INVALID',
    message: `有 ${faults.length} 处需要修改。${faults.length} field(s) need attention.`,
    fix: 'Correct the fields named in `errors` and send again.',
    faults,
  });
}

/** Faults of one field and of those inside it, by path. Messages of class-validator that are not in two languages stand for both. */
export function fieldFaults(error: ValidationError, parent = ''): FieldFault[] {
  const field = parent === '' ? error.property : `${parent}.${error.property}`;
  const own = Object.entries(error.constraints ?? {}).map(([rule, message]) => {
    if (rule === 'whitelistValidation') return { field, zh: '没有这一项，请检查拼写。', en: 'There is no such field; check the spelling.' };
    const [zh, en] = message.split(BAR);
    return { field, zh: zh!, en: en ?? zh! };
  });
  return [...own, ...(error.children ?? []).flatMap((child) => fieldFaults(child, field))];
}
