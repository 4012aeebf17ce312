/** Chinese for the codes that stop or disable a connector; the English is the sentence the connector's own reader gave. */
const STOPPED_ZH: Record<string, string> = {
  YICI_SNAPSHOT_SCHEMA_DRIFT: '导出文件的列与约定不符，已停止读取，请与该系统核对',
  YICI_LIVE_SCHEMA_DRIFT: '在线数据的结构与约定不符，已停止读取，请与该系统核对',
  YICI_SNAPSHOT_UNREADABLE: '文件无法读取（编码或格式有误），已停止读取',
  YICI_FILE_SCHEMA_DRIFT: '导出文件的列与约定不符，已停止读取，请与该系统核对',
  YICI_FILE_UNREADABLE: '导出文件为空或无法读取，已拒收，请重新导出',
  YICI_FILE_INCOMPLETE: '导出文件不完整（行数或摘要与清单不符），已拒收，请重新导出',
  YICI_FILE_TOO_LARGE: '导出文件超过约定大小，已拒收',
  YICI_FILE_SHRUNK: '最新的导出文件缺少过多记录，未撤销任何一条，请与该系统核对',
  YICI_FILE_OUTDATED: '收到日期更早的导出文件，以较新的为准，未撤销任何一条',
  YICI_FILE_AWAITED: '最新的导出文件尚未写完，稍后自动再看',
  YICI_FILE_LOGIN_REFUSED: '对方文件服务器拒绝了用户名、口令或密钥',
  YICI_FILE_HOST_KEY_WRONG: '对方服务器的密钥与约定不符，请向该系统核实',
  YICI_FILE_CERTIFICATE_WRONG: '对方服务器的证书不可信，请核实',
  YICI_CONNECTOR_SECRET_MISSING: '在线接口的密钥或地址尚未配置',
  YICI_CONNECTOR_DISABLED: '该系统的接口已停用',
  YICI_CERTIFICATE_REFUSED: '对方系统的证书不可信或已过期，请核实',
  YICI_CA_FILE_UNREADABLE: '对方机构的根证书文件无法读取，请检查其路径',
  YICI_CA_FILE_UNSUPPORTED: '该数据库的驱动程序不支持指定根证书文件',
  YICI_REDIRECT_REFUSED: '对方系统要求转向其他地址，已拒绝，请核实其地址',
  YICI_ANSWER_TOO_LARGE: '对方系统的应答超过约定大小，已拒收',
  YICI_SOURCE_SHRUNK: '对方系统一次缺少过多记录，未撤销任何一条，请与该系统核对',
  YICI_SOURCE_BUSY: '对方系统正忙，会自动重试',
  YICI_SOURCE_NOT_AUTHORISED: '对方系统拒绝了本平台的用户名或口令',
  YICI_SOURCE_REQUEST_REFUSED: '对方系统拒绝了本平台的请求，请与该系统核对',
  YICI_DATABASE_LOGIN: '对方数据库拒绝了用户名或口令',
  YICI_DATABASE_FORBIDDEN: '本平台在对方数据库中的权限不足',
  YICI_DRIVER_MISSING: '尚未安装该数据库的驱动程序',
  YICI_SOURCE_UNREACHABLE: '对方系统没有响应，会自动重试',
  YICI_TARGET_UNREACHABLE: '对方系统没有响应，会自动重试',
  YICI_HOST_NOT_ALLOWED: '地址不在该系统允许的主机之列',
  YICI_URL_UNREADABLE: '接口地址填写有误',
};
const OTHER_ZH = '读取该系统时出错，会自动重试';

/** Codes that mean: nobody has set it up; what else disables a connector is that it cannot be reached. */
const NOT_SET_UP = new Set([
  'YICI_CONNECTOR_SECRET_MISSING', 'YICI_CONNECTOR_DISABLED', 'YICI_HOST_NOT_ALLOWED', 'YICI_URL_UNREADABLE', 'YICI_CA_FILE_UNREADABLE', 'YICI_DRIVER_MISSING',
]);

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
