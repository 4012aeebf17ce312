/** What cannot be undone at a target, and whom to ask. */
export interface NotUndone {
  reasonCode: 'createdThere' | 'ticketTold' | 'nothingToPutBack' | 'cannotBeSaid';
  zh: string;
  en: string;
  /** Columns it is about; none for a whole record. */
  columns: string[];
}

/** What one decision about records does at one target. No values. */
export interface UndoLine {
  target: string;
  name: string;
  nameEn: string;
  /** Records of the target that are concerned. */
  records: number;
  /** Names of the columns that will be written. */
  willWrite: string[];
  cannotUndo: NotUndone[];
  /** The department to ask for what cannot be undone. */
  ask?: string;
  /** Why nothing is said or written for now. */
  reasonCode?: string;
  zh?: string;
  en?: string;
}

/** Records that will be one person, household or dwelling by a decision. */
export interface DecidedPart {
  entityId: string;
  recordType: 'person' | 'household' | 'dwelling';
  records: { key: string; attached: boolean }[];
}
