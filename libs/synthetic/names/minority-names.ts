/** Minority names: given parts and how a full name is built. Codes are GB/T 3304. Weights are per ten thousand residents of the fictional city. */
const words = (text: string): string[] => text.trim().split(/\s+/);

const UYGHUR_MEN = words('买买提 阿不都拉 艾力 吐尔逊 玉素甫 阿布都克里木 伊力哈木 努尔买买提 依明 阿迪力 艾山 卡德尔 托合提 木拉提 帕尔哈提 热合曼 艾尼瓦尔 亚森 塔依尔 艾合买提 阿卜杜热西提 米吉提 库尔班 肉孜 赛买提 图尔荪 穆合塔尔 凯赛尔 居来提 地力木拉提');
const UYGHUR_WOMEN = words('古丽娜尔 阿依古丽 热孜万古丽 玛依拉 祖丽菲亚 帕提古丽 阿孜古丽 迪丽努尔 古丽巴哈尔 茹克亚木 阿依努尔 米娜瓦尔 热依罕 塔吉古丽 阿曼古丽 左热古丽 布合丽切木 海日古丽 古丽夏提 迪力热巴 努尔古丽 茹仙古丽');
const KAZAKH_MEN = words('叶尔兰 努尔兰 哈力木 别克 巴合提 赛力克 热合木 阿斯哈尔 木拉提别克 叶尔肯 加尔恒 达列力 胡安什 毛吾列提 沙吾列 努尔波力');
const KAZAKH_WOMEN = words('阿依达娜 阿依江 古丽米拉 加娜尔 努尔古丽 萨依拉 巴哈提古丽 玛丽亚 阿尔达克 库丽扎提 阿娜尔 沙吾列提');
const TIBETAN = words('扎西 次仁 卓玛 多吉 旺堆 央金 拉姆 平措 达瓦 尼玛 格桑 洛桑 丹增 顿珠 白玛 索朗 边巴 仁青 曲珍 德吉 米玛 普布 强巴 土登 措姆 贡布 才让');
const YI_FAMILY = words('马黑 阿侯 吉克 沙马 阿尔 吉木 曲比 俄木 阿苏 海来 吉子 罗洪 木乃 阿的 勒伍 加巴');
const YI_GIVEN = words('伍各 木呷 拉铁 尔古 日哈 伍呷 阿依 子呷 史布 木果 尔布 拉哈 阿牛 友果 么色 阿呷');
const MONGOL = words('巴特尔 其木格 苏日娜 乌云其木格 巴雅尔 那仁 斯琴 阿拉坦 格日勒 萨仁 乌兰 图雅 特木尔 宝音 呼和 白音 萨日娜 敖登 娜仁 哈斯 朝鲁 苏和');

export interface MinorityName {
  /** Full name as registered; dots are U+00B7. */
  full: string;
  given: string;
}

export interface Minority {
  code: string;
  perTenThousand: number;
  /** A namer of its own; absent where names look like Han names. */
  name?: (male: boolean, pick: (list: readonly string[]) => string, fatherGiven: string | undefined) => MinorityName;
  /** Surnames typical of the group where names look like Han names. */
  surnames?: string;
}

const withFather = (men: readonly string[], women: readonly string[]): Minority['name'] => (male, pick, father) => {
  const given = pick(male ? men : women);
  return { full: `${given}·${father ?? pick(men)}`, given };
};

export const MINORITIES: readonly Minority[] = [
  { code: '05', perTenThousand: 170, name: withFather(UYGHUR_MEN, UYGHUR_WOMEN) },
  { code: '17', perTenThousand: 45, name: withFather(KAZAKH_MEN, KAZAKH_WOMEN) },
  { code: '04', perTenThousand: 40, name: (_male, pick) => { const given = pick(TIBETAN) + pick(TIBETAN); return { full: given, given }; } },
  { code: '07', perTenThousand: 55, name: (_male, pick) => { const given = pick(YI_GIVEN); return { full: `${pick(YI_FAMILY)}·${given}`, given }; } },
  { code: '02', perTenThousand: 40, name: (_male, pick) => { const given = pick(MONGOL); return { full: given, given }; } },
  { code: '03', perTenThousand: 130, surnames: '马丁白哈沙穆撒金海买虎' },
  { code: '11', perTenThousand: 100, surnames: '关佟赵那富傅金白栾满' },
  { code: '08', perTenThousand: 120, surnames: '韦覃黄农蒙陆岑梁' },
  { code: '06', perTenThousand: 70, surnames: '石龙吴麻杨' },
  { code: '15', perTenThousand: 70, surnames: '田向彭覃冉' },
  { code: '10', perTenThousand: 20, surnames: '金朴崔李' },
  { code: '22', perTenThousand: 15, surnames: '蓝雷钟' },
];
