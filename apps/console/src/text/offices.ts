import type { Language } from './fill.js';

/** Departments and categories as connector folders name them, in English; a folder of tomorrow keeps its own word. */
const OFFICES: Readonly<Record<string, string>> = {
  公安局: 'Public Security', 公安局流管办: 'Public Security, migrants', 司法局: 'Justice', 残联: 'Disabled Persons Federation', 卫健委: 'Health Commission', 政法委: 'Political and Legal Affairs', 住建局: 'Housing',
  组织部: 'Organisation Department', 大数据局: 'Big Data', 民政局: 'Civil Affairs', 人社局: 'Social Security',
  综治平台: 'public order', 民生服务: 'services', 人口管理: 'population', 智慧社区: 'smart community', 党建自治: 'party and self-government',
};

export function officeName(name: string, language: Language): string {
  return language === 'en' ? (OFFICES[name] ?? name) : name;
}
