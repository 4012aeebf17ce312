/** What a two-digit code of GB/T 4761-2008 says about a person, seen from the head (or contact) of the household. */
export type KinshipRole =
  | 'self' | 'spouse' | 'child' | 'childInLaw' | 'grandchild' | 'grandchildInLaw' | 'greatGrandchild'
  | 'parent' | 'parentInLaw' | 'grandparent' | 'grandparentInLaw' | 'greatGrandparent'
  | 'sibling' | 'siblingInLaw' | 'uncleAunt' | 'cousin' | 'nephewNiece' | 'otherRelative' | 'nonRelative';

export interface Kinship {
  role: KinshipRole;
  /** GB/T 2261.1, where the code implies it. */
  sex?: '1' | '2';
  /** Generations below (positive) or above (negative) the head; absent where the code does not say. */
  generation?: number;
}

type Row = readonly [codes: string, role: KinshipRole, sex: '1' | '2' | '', generation: number | undefined];

const ROWS: readonly Row[] = [
  ['01 02', 'self', '', 0],
  ['10', 'spouse', '', 0], ['11', 'spouse', '1', 0], ['12', 'spouse', '2', 0],
  ['20 21 22 23 24 25 26 27 29', 'child', '1', 1], ['30 31 32 33 34 35 36 37 39', 'child', '2', 1],
  ['28', 'childInLaw', '1', 1], ['38', 'childInLaw', '2', 1],
  ['40 49', 'grandchild', '', 2], ['41 43', 'grandchild', '1', 2], ['42 44', 'grandchild', '2', 2],
  ['45', 'grandchildInLaw', '2', 2], ['46', 'grandchildInLaw', '1', 2],
  ['47', 'greatGrandchild', '1', 3], ['48', 'greatGrandchild', '2', 3],
  ['50 59', 'parent', '', -1], ['51 57', 'parent', '1', -1], ['52 58', 'parent', '2', -1],
  ['53 55', 'parentInLaw', '1', -1], ['54 56', 'parentInLaw', '2', -1],
  ['60 69', 'grandparent', '', -2], ['61 63', 'grandparent', '1', -2], ['62 64', 'grandparent', '2', -2],
  ['65', 'grandparentInLaw', '', -2],
  ['66', 'greatGrandparent', '1', -3], ['67', 'greatGrandparent', '2', -3], ['68', 'greatGrandparent', '', -3],
  ['70 79', 'sibling', '', 0], ['71 73', 'sibling', '1', 0], ['75 77', 'sibling', '2', 0],
  ['72 74', 'siblingInLaw', '2', 0], ['76 78', 'siblingInLaw', '1', 0],
  ['81 83 85 87 89', 'uncleAunt', '1', -1], ['82 84 86 88 90', 'uncleAunt', '2', -1],
  ['91 92', 'cousin', '', 0],
  ['93 95', 'nephewNiece', '1', 1], ['94 96', 'nephewNiece', '2', 1],
  ['80 97', 'otherRelative', '', undefined], ['99', 'nonRelative', '', undefined],
];

const BY_CODE: ReadonlyMap<string, Kinship> = new Map(
  ROWS.flatMap(([codes, role, sex, generation]) =>
    codes.split(' ').map((code): [string, Kinship] => [
      code,
      Object.freeze({ role, ...(sex === '' ? {} : { sex }), ...(generation === undefined ? {} : { generation }) }),
    ]),
  ),
);

/** Role, implied sex and generation of a GB/T 4761-2008 code; undefined for an unknown code. */
export function kinshipOf(code: string): Kinship | undefined {
  return BY_CODE.get(code);
}

/** The role alone; undefined for an unknown code. */
export function kinshipRole(code: string): KinshipRole | undefined {
  return BY_CODE.get(code)?.role;
}
