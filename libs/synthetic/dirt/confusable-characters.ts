/** Groups of name characters that clerks take for one another, and simplified → traditional or variant forms found in old files. */
const groups = (text: string): Map<string, string> => {
  const out = new Map<string, string>();
  for (const group of text.trim().split(/\s+/)) for (const c of group) out.set(c, group);
  return out;
};

/** Same sound (tones may differ). */
export const HOMOPHONES = groups(`
伟玮炜维威卫 静婧靖敬菁 丽莉立利力 芳方芬 秀绣修 英瑛颖莹盈 兰岚蓝澜 桂贵 玉钰育裕瑜 珍真贞 梅玫媚 娟涓 敏闽民 红宏洪鸿虹 霞夏 艳燕彦雁 玲铃灵琳凌 芸云 洁杰捷婕 慧惠卉蕙
军君均俊峻钧 强蔷 磊蕾雷 勇永咏 涛韬桃 超朝 鹏朋 辉晖徽 明铭名鸣 华花桦 建健剑 国果 志智致治 海还 波博勃 峰锋丰风 刚钢纲 平萍苹屏 斌彬宾滨 浩皓昊灏 宇羽雨语禹 轩萱宣 子梓紫 涵晗寒 欣心馨新鑫
怡宜仪一依伊 佳家嘉加 诗施 琪琦奇祺淇 梦孟 瑶遥尧 思斯司 雅亚 诺洛 可珂 悦月越玥 晨辰宸臣 睿瑞锐 泽择 航杭 博伯 文雯 天添 晓小筱 雪学 婷亭庭 倩茜 晶京 春椿 生声胜盛 德得 福富 成诚承城 清青卿 元源圆媛 振震 庆清 凤奉 翠脆 莲连廉 香湘 荣蓉融 素苏 淑书舒 义艺毅逸奕 安
张章 王汪 李黎 刘柳 陈程 杨阳 周邹 徐许 孙荪 朱诸 何贺 林临 罗骆 郑曾 梁粱 谢解 唐汤 韩含 冯封 于余俞 董懂 肖萧 蔡菜 潘攀 蒋江姜 魏卫 沈申 卢芦路 余于俞 傅付 邱丘 闫严阎颜 石时 龙隆 万宛 段 钱前 武吴伍 戴代 莫墨`);

/** Alike to the eye. */
export const SHAPES = groups(`
未末 土士 日曰 己已 人入 大太 天夫 王玉 千干 侯候 晴睛 冼洗 晓晚 芳芬 洋样 炎焱 林材 木本 目自 田由 明朋 郎朗 杨扬 莱菜 刘列 陈阵 清情 建健 涛寿 琳彬 峰锋 宏宠 丹舟 娜娥 冰水 亮高 梅海 洁浩 晨晟 昊吴 祥样 桂柱 英莫 兰三 玲珍 娟捐 佳住 颖颍 茹如 妍研 磊蕊 萍苹 婷停 燕蒸 凯恺 瑞端 辰唇 泽译 诗持 思恩`);

/** Simplified → traditional or variant form. */
export const VARIANTS: ReadonlyMap<string, string> = new Map(
  [...'张張 伟偉 强強 刘劉 陈陳 杨楊 黄黃 赵趙 吴吳 孙孫 马馬 罗羅 郑鄭 谢謝 许許 邓鄧 韩韓 冯馮 萧蕭 苏蘇 吕呂 卢盧 陆陸 贾賈 国國 华華 军軍 丽麗 兰蘭 凤鳳 红紅 艳艷 云雲 杰傑 峰峯 荣榮 东東 龙龍 飞飛 义義 庆慶 宝寶 贵貴 学學 远遠 德徳 静靜 洁潔 莲蓮 芦蘆 叶葉 阎閻 顾顧 龚龔 钱錢 严嚴 汤湯 乔喬 齐齊 万萬 宁寧 礼禮 尧堯 轩軒 诗詩 梦夢 语語 怀懷 圣聖 银銀 铁鐵 钢鋼 锋鋒 镇鎮 喆哲 镕熔 昇升 堃坤 淼渺 珮佩 瑠琉'.matchAll(/(\S)(\S)(?:\s|$)/gu)]
    .map((m) => [m[1]!, m[2]!]),
);
