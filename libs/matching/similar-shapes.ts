/** Characters of names that handwriting and typing confuse; each word is one group of look-alikes. */
const GROUPS =
  '未末 己已巳 王玉主 田由甲申 人入 日曰 士土 千干于 刀力 戊戌戍戎 亨享 侯候 治冶 析折 免兔 洁浩 杨扬 秧映 梅海 婷停 娜哪 芬芳 苹萍 慧惠 莲连 兰蓝 丹舟 光尤 史吏 午牛 壮状 巨臣 ' +
  '茂戍 茵菌 嫒媛 瑗援 楠南 晓烧 晶昌 晨辰 旭旮 杰术 栋株 桂柱 根银 桥娇 森林 椿春 榕容 樱婴 永水 沅沆 泓弘 泽译 洋样 涛寿 淑叔 清青 渊淋 滢莹 潇萧 澜阑 灿仙 炜伟 玮韦 炫弦 煜昱 熙照 燕热 ' +
  '珊册 珍诊 珠株 琪棋 琳淋 瑛英 瑜喻 瑞端 瑶摇 璐路 璇旋 盛成 真直 睿客 祥详 祯侦 秀季 立丘 竞竟 竹行 筠均 红江 纯钝 绍邵 绮倚 维唯 美关 翔羊 翰瀚 耀跃 艳绝 苑范 若苦 荣菜 莉利 菁青 菊鞠 ' +
  '萱宣 蓉容 蕊芯 薇微 虹红 裕俗 西酉 豪毫 贤坚 贵责 赟斌 轩杆 辉晖 远运 迪油 遥摇 邦帮 郑邓 金全 钰玉 铭名 锋峰 锦棉 镇填 长卡 闽闵 阳阴 陈阵 陆阮 隆降 雅稚 雪雷 霞露 静净 韵均 颖颍 飞气 鑫森 鸿鸠 鹏鸣 麟鳞 龙尤 ' +
  '伟伪 佳住 侃佩 俊峻 健建 傲敖 元无 兴六 冰水 凤风 凯恺 刚纲 勇男 勋助 华毕 卓桌 博搏 卿即 吉古 君群 启后 嘉喜 国图 坤坤 垚尧 培陪 堃坤 大太 天夭 奇寄 妍研 妮呢 姗珊 娟捐 婉碗 婧靖 子孑 孟盂 学字 宁于 宇字 宏宠 宗宋 宝玉 宪完 寒塞 尚向 岚风 峰锋 崇祟 川州 巧朽 帅师 帆航 平干 庆厌 康唐 廷延 建健 强张 彤丹 彦产 彬杉 徐涂 德得 志忐 忠患 怡治 思恩 恒垣 悦说 慕暮 振震 敏每 敬苟 文丈 斌赋 方万 明朋 易昜 星皇 昊吴 春舂 昭照 晗含 智知 曦羲 月用 朋明 本木';

const groupsOf = new Map<string, number[]>();
GROUPS.split(' ').forEach((group, i) => {
  for (const char of group) groupsOf.set(char, [...(groupsOf.get(char) ?? []), i]);
});

/** Whether two characters are known look-alikes. */
export function similarShape(a: string, b: string): boolean {
  const ga = groupsOf.get(a);
  const gb = groupsOf.get(b);
  return ga !== undefined && gb !== undefined && ga.some((g) => gb.includes(g));
}
