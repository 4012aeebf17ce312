import { Injectable, type PipeTransform } from '@nestjs/common';
import { notFound } from '#libs/access/request-refused';
import type { EntityId } from '#libs/kernel/ids';
import type { RecordType } from '#libs/kernel/record-key';

const PREFIX: Record<RecordType, string> = { person: 'p-', household: 'h-', dwelling: 'd-' };

/** An entity id of one kind; what has another shape cannot exist, so it is answered like what does not. */
@Injectable()
export class EntityIdPipe implements PipeTransform<string, EntityId> {
  constructor(private readonly recordType: RecordType) {}

  transform(id: string): EntityId {
    if (!id.startsWith(PREFIX[this.recordType]) || !/^[phd]-[0-9a-f-]{36}$/.test(id)) throw notFound(this.recordType);
    return id;
  }
}
