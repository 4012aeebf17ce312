/** Chinese for the codes that stop or disable a connector; the English is the sentence the connector's own reader gave. */
const STOPPED_ZH: Record<string, string> = {
  YICI_SNAPSHOT_SCHEMA_DRIFT: '导出文件的列与约定不符，已停止读取，请与该系统核对',
  YICI_LIVE_SCHEMA_DRIFT: '在线数据的结构与约定不符，已停止读取，请与该系统核对',
  YICI_SNAPSHOT_UNREADABLE: '文件无法读取（编码或格式有误），已停止读取',
  YICI_CONNECTOR_SECRET_MISSING: '在线接口的密钥或地址尚未配置',
  YICI_CONNECTOR_DISABLED: '该系统的接口已停用',
  YICI_SOURCE_UNREACHABLE: '对方系统没有响应，会自动重试',
  YICI_TARGET_UNREACHABLE: '对方系统没有响应，会自动重试',
  YICI_HOST_NOT_ALLOWED: '地址不在该系统允许的主机之列',
  YICI_URL_UNREADABLE: '接口地址填写有误',
};
const OTHER_ZH = '读取该系统时出错，会自动重试';

/** Codes that mean: nobody has set it up; what else disables a connector is that it cannot be reached. */
const NOT_SET_UP = new Set(['YICI_CONNECTOR_SECRET_MISSING', 'YICI_CONNECTOR_DISABLED', 'YICI_HOST_NOT_ALLOWED', 'YICI_URL_UNREADABLE']);

/**
 * - `running` it is read as agreed   - `stopped` what it sends is not what was agreed
 * - `disabled` nobody has set it up  - `notReached` it does not answer   - `waiting` it was never read
 */
export type SystemState = 'running' | 'stopped' | 'disabled' | 'notReached' | 'waiting';

/** The state of a system as the board shows it, from the connector's own. */
export function systemState(state: 'running' | 'stopped' | 'disabled' | undefined, code: string | null): SystemState {
  if (state === undefined) return 'waiting';
  return state === 'disabled' && code !== null && !NOT_SET_UP.has(code) ? 'notReached' : state;
}

/** Why, in both languages; undefined without a code. */
export function stateReason(code: string | null, reason: string | null): { zh: string; en: string } | undefined {
  if (code === null) return undefined;
  return { zh: STOPPED_ZH[code] ?? OTHER_ZH, en: reason ?? code };
}
