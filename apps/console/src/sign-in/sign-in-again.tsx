import { Button, Form, Input } from 'antd';
import { useEffect, useState, type ReactNode } from 'react';
import type { Account } from '#libs/access/account';
import { Refused } from '../api/hub-api.js';
import { useSession } from '../session.js';
import { Fault } from '../shell/fault.js';
import { Seal } from '../shell/seal.js';
import { useText } from '../text/language.js';

/** Stands before the page of somebody whose session ended while they worked: what they typed is kept behind it, and nobody reads it meanwhile. */
export function SignInAgain({ account }: { account: Account }): ReactNode {
  const t = useText();
  const { signIn, signOut, look } = useSession();
  const [refused, setRefused] = useState<Refused>();
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    const back = (): void => { if (!document.hidden) void look(); };
    document.addEventListener('visibilitychange', back);
    return () => document.removeEventListener('visibilitychange', back);
  }, [look]);
  const submit = async ({ password }: { password: string }): Promise<void> => {
    setBusy(true);
    setRefused(undefined);
    try {
      await signIn(account.username, password);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      setRefused(error);
      setBusy(false);
    }
  };
  return (
    <div className="again" role="dialog" aria-modal="true" aria-labelledby="again-title">
      <div className="panel again-card">
        <Seal size={44} />
        <h2 id="again-title">{t('again.title')}</h2>
        <p>{t('again.kept')}</p>
        {refused && <Fault refused={refused} />}
        <Form layout="vertical" requiredMark={false} onFinish={(values: { password: string }) => void submit(values)}>
          <p className="again-who"><span className="quiet">{t('signIn.username')}</span><b>{account.username}</b></p>
          <input type="text" name="username" autoComplete="username" defaultValue={account.username} hidden readOnly />
          <Form.Item name="password" label={t('signIn.password')} rules={[{ required: true, message: t('signIn.needPassword') }]}>
            <Input.Password autoFocus autoComplete="current-password" size="large" />
          </Form.Item>
          <Button type="primary" htmlType="submit" size="large" block loading={busy}>{t('again.submit')}</Button>
        </Form>
        <p className="quiet again-link">{t('again.link')}</p>
        <Button type="link" onClick={() => void signOut()}>{t('again.other')}</Button>
      </div>
    </div>
  );
}
