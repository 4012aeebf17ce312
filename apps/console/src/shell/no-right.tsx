import { Button, Result } from 'antd';
import type { ReactNode } from 'react';
import { useText } from '../text/language.js';
import { hashOf } from './route.js';

export function NoRight(): ReactNode {
  const t = useText();
  return <Result status="info" icon={null} title={t('noRight.title')} subTitle={t('noRight.text')} extra={<Button type="primary" href={hashOf({ page: 'board' })}>{t('nav.board')}</Button>} />;
}
