import type { ThemeConfig } from 'antd';

/** Chinese first: fonts that each system ships, never one from the network. */
const FONT = '-apple-system, "Segoe UI", "PingFang SC", "Hiragino Sans GB", "Microsoft YaHei UI", "Microsoft YaHei", "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", sans-serif';

/** Ink on paper, one deep green-blue for what can be done, vermilion for the seal and for what went wrong. */
export const THEME: ThemeConfig = {
  cssVar: { key: 'yici' },
  token: {
    colorPrimary: '#1c5d6c',
    colorInfo: '#1c5d6c',
    colorLink: '#1c5d6c',
    colorSuccess: '#2c7a54',
    colorWarning: '#a86a12',
    colorError: '#b3392b',
    colorWarningBg: '#fbf3e2',
    colorWarningBorder: '#e3c88f',
    colorErrorBg: '#faecea',
    colorErrorBorder: '#e6b8b2',
    colorTextBase: '#1b2529',
    colorTextDescription: '#6b7478',
    colorTextPlaceholder: '#858c8f',
    colorBgLayout: '#f4f3ee',
    colorBorder: '#d4d3cb',
    colorBorderSecondary: '#e6e4dc',
    borderRadius: 6,
    fontFamily: FONT,
    fontSize: 14,
    controlHeight: 36,
    motionDurationMid: '0.15s',
    // A visitor who asked their system for less motion gets none: page.css stops what moves, and nothing here may wait for it to end.
    motion: !window.matchMedia('(prefers-reduced-motion: reduce)').matches,
  },
  components: {
    Table: { headerBg: '#faf9f5', headerSplitColor: 'transparent', cellPaddingBlockSM: 8 },
    Tabs: { horizontalMargin: '0 0 16px 0' },
    Form: { verticalLabelPadding: '0 0 4px' },
    Button: { primaryShadow: 'none', defaultShadow: 'none', dangerShadow: 'none' },
    Segmented: { trackBg: '#eeece5', itemSelectedBg: '#1c5d6c', itemSelectedColor: '#ffffff', itemColor: '#3a4549' },
  },
};
