/** English for national codes, for readers of the English page; the standards are Chinese alone, and a code without a word here keeps its Chinese name. */
const ETHNIC_GROUPS = // Romanised as in GB/T 3304, by code from 01.
  'Han Mongol Hui Zang Uygur Miao Yi Zhuang Buyei Chosen Man Dong Yao Bai Tujia Hani Kazak Dai Li Lisu Va She Gaoshan Lahu Sui Dongxiang Naxi Jingpo Kirgiz Tu Daur Mulao Qiang Blang Salar Maonan Gelao Xibe Achang Pumi Tajik Nu Uzbek Russ Ewenki Deang Bonan Yugur Gin Tatar Derung Oroqen Hezhen Monba Lhoba Jino'.split(' ');

const GRADES = { 1: 'graduated', 2: 'completed', 3: 'left early' } as const;
/** By the first digit of GB/T 4658, and how it ended by the second. */
const SCHOOLS: Readonly<Record<string, readonly [string, Readonly<Record<string, string>>]>> = {
  1: ['Postgraduate', { 0: '', 1: 'doctor', 2: 'doctor, completed', 3: 'doctor, left early', 4: 'master', 5: 'master, completed', 6: 'master, left early', 7: 'class, graduated', 8: 'class, completed', 9: 'class, left early' }],
  2: ['University', { 0: '', ...GRADES, 8: 'ordinary class' }],
  3: ['College', { 0: '', ...GRADES }],
  4: ['Vocational secondary', { 0: '', ...GRADES, 4: 'vocational high, graduated', 5: 'vocational high, completed', 6: 'vocational high, left early', 7: 'technical school, graduated', 8: 'technical school, completed', 9: 'technical school, left early' }],
  6: ['Senior secondary', { 0: '', ...GRADES }],
  7: ['Junior secondary', { 0: '', 1: 'graduated', 2: 'left early' }],
  8: ['Primary school', { 0: '', 1: 'graduated', 2: 'left early' }],
  9: ['Other', { 0: '' }],
};

const WORDS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  sex: { 0: 'Unknown', 1: 'Male', 2: 'Female', 9: 'Not stated' },
  maritalStatus: { 10: 'Single', 20: 'Married', 21: 'First marriage', 22: 'Remarried', 23: 'Remarried to the same', 30: 'Widowed', 40: 'Divorced', 90: 'Not stated' },
  politicalStatus: {
    '01': 'Communist Party member', '02': 'Communist Party probationer', '03': 'Communist Youth League', '04': 'Revolutionary Committee of the Kuomintang', '05': 'China Democratic League',
    '06': 'China National Democratic Construction Association', '07': 'China Association for Promoting Democracy', '08': 'Chinese Peasants\' and Workers\' Democratic Party', '09': 'China Zhi Gong Party',
    10: 'Jiusan Society', 11: 'Taiwan Democratic Self-Government League', 12: 'No party, democratic personage', 13: 'No party',
  },
  relation: {
    '01': 'Self', '02': 'Head', 10: 'Spouse', 11: 'Husband', 12: 'Wife', 20: 'Son', 21: 'Only son', 22: 'Eldest son', 23: 'Second son', 24: 'Third son', 25: 'Fourth son', 26: 'Fifth son', 27: 'Adopted or stepson', 28: 'Son-in-law', 29: 'Other son',
    30: 'Daughter', 31: 'Only daughter', 32: 'Eldest daughter', 33: 'Second daughter', 34: 'Third daughter', 35: 'Fourth daughter', 36: 'Fifth daughter', 37: 'Adopted or stepdaughter', 38: 'Daughter-in-law', 39: 'Other daughter',
    40: 'Grandchild', 41: 'Grandson', 42: 'Granddaughter', 43: 'Daughter\'s son', 44: 'Daughter\'s daughter', 45: 'Grandson\'s wife', 46: 'Granddaughter\'s husband', 47: 'Great-grandson', 48: 'Great-granddaughter', 49: 'Other grandchild',
    50: 'Parent', 51: 'Father', 52: 'Mother', 53: 'Husband\'s father', 54: 'Husband\'s mother', 55: 'Wife\'s father', 56: 'Wife\'s mother', 57: 'Step- or adoptive father', 58: 'Step- or adoptive mother', 59: 'Other parent',
    60: 'Grandparent', 61: 'Father\'s father', 62: 'Father\'s mother', 63: 'Mother\'s father', 64: 'Mother\'s mother', 65: 'Spouse\'s grandparent', 66: 'Great-grandfather', 67: 'Great-grandmother', 68: 'Spouse\'s great-grandparent', 69: 'Other grandparent',
    70: 'Sibling', 71: 'Elder brother', 72: 'Elder brother\'s wife', 73: 'Younger brother', 74: 'Younger brother\'s wife', 75: 'Elder sister', 76: 'Elder sister\'s husband', 77: 'Younger sister', 78: 'Younger sister\'s husband', 79: 'Other sibling',
    80: 'Other', 81: 'Father\'s elder brother', 82: 'His wife', 83: 'Father\'s younger brother', 84: 'His wife', 85: 'Mother\'s brother', 86: 'His wife', 87: 'Mother\'s sister\'s husband', 88: 'Mother\'s sister', 89: 'Father\'s sister\'s husband', 90: 'Father\'s sister',
    91: 'Cousin of the father\'s side', 92: 'Other cousin', 93: 'Brother\'s son', 94: 'Brother\'s daughter', 95: 'Sister\'s son', 96: 'Sister\'s daughter', 97: 'Other relative', 99: 'No relative',
  },
  disabilityCategory: { 1: 'sight', 2: 'hearing', 3: 'speech', 4: 'physical', 5: 'intellectual', 6: 'mental', 7: 'multiple' },
  hukouNature: { 1: 'non-agricultural', 2: 'agricultural', 9: 'other' },
  permitReason: {
    131: 'joining family or friends', 201: 'investment', 202: 'bought a home', 203: 'naturalised', 204: 'work', 205: 'farming', 206: 'trade', 207: 'study', 208: 'services', 209: 'housekeeping', 210: 'business trip', 211: 'posted', 212: 'training',
    213: 'medical treatment', 214: 'visiting', 215: 'returned home', 216: 'tourism', 217: 'petition', 218: 'vagrancy', 999: 'other',
  },
  flowReason: { '02': 'study', '04': 'marriage', '05': 'with family', '09': 'medical treatment', 10: 'joining family or friends', 11: 'work', 12: 'farming', 13: 'trade', 14: 'transfer', 99: 'other' },
  residencePlace: {
    10: 'trade premises', 11: 'hotel', 12: 'guest house', 13: 'bath house', 14: 'serviced flat', 20: 'ordinary dwelling', 21: 'own home', 22: 'public housing', 23: 'at a resident\'s', 30: 'rented', 40: 'at an employer\'s', 41: 'public body', 42: 'enterprise', 43: 'school',
    44: 'army unit', 50: 'place of worship', 60: 'care', 61: 'hospital', 62: 'sanatorium', 63: 'rehabilitation', 64: 'old people\'s home', 70: 'moving or temporary', 71: 'building site', 72: 'boat', 73: 'shop or stall', 80: 'shelter', 90: 'other dwelling',
  },
};

/** The English word of a code; undefined where there is none. */
export function englishCode(table: string, code: string): string | undefined {
  if (table === 'ethnicGroup') return ETHNIC_GROUPS[Number(code) - 1] ?? { 81: 'Chuanqing', 97: 'Other', 98: 'Naturalised foreigner' }[code];
  if (table !== 'education') return WORDS[table]?.[code];
  const [school, ends] = SCHOOLS[code.charAt(0)] ?? [];
  const end = ends?.[code.charAt(1)];
  return school === undefined || end === undefined ? undefined : [school, end].filter(Boolean).join(', ');
}
