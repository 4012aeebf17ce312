/** How far a delivery got, in the words of the receipt. */
export type DeliveryState = 'notShared' | 'noRecord' | 'waiting' | 'written' | 'pickedUp' | 'confirmed' | 'rejected';

/** How far one entry, settled dispute or decision got at one target system. */
export interface ReceiptLine {
  target: string;
  name: string;
  nameEn: string;
  state: DeliveryState;
  stateZh: string;
  stateEn: string;
  reasonCode?: string;
  /** The reason in words; absent when the state says it all. */
  zh?: string;
  en?: string;
  /** How many records of the target it concerns: two when it keeps the person twice. */
  records: number;
  changedAt?: string;
}
