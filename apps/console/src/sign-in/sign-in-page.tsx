import { Button, Form, Input } from 'antd';
import { useState, type ReactNode } from 'react';
import { Refused } from '../api/hub-api.js';
import { useSession } from '../session.js';
import { Fault } from '../shell/fault.js';
import { Seal } from '../shell/seal.js';
import { LanguageButton } from '../shell/shell.js';
import { useText } from '../text/language.js';

export function SignInPage(): ReactNode {
  const t = useText();
  const session = useSession();
  const [refused, setRefused] = useState<Refused>();
  const [busy, setBusy] = useState(false);
  const why = session.state === 'out' ? session.why : undefined;
  const submit = async ({ username, password }: { username: string; password: string }): Promise<void> => {
    setBusy(true);
    setRefused(undefined);
    try {
      await session.signIn(username.trim(), password);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      setRefused(error);
      setBusy(false);
    }
  };
  return (
    <div className="sign-in">
      <section className="sign-in-brand">
        <Seal size={64} />
        <h1>{t('app.name')}</h1>
        <p className="sign-in-motto">{t('app.motto')}</p>
        <p>{t('signIn.intro')}</p>
        <span className="sign-in-lights" aria-hidden="true">{Array.from({ length: 12 }, (_, i) => <i key={i} />)}</span>
      </section>
      <main className="sign-in-form">
        <div className="sign-in-language"><LanguageButton /></div>
        <div className="sign-in-card">
          <h2>{t('signIn.title')}</h2>
          {refused ? <Fault refused={refused} /> : why && <Fault refused={why} />}
          <Form layout="vertical" requiredMark={false} onFinish={(values: { username: string; password: string }) => void submit(values)}>
            <Form.Item name="username" label={t('signIn.username')} rules={[{ required: true, message: t('signIn.needUsername') }]}>
              <Input autoFocus autoComplete="username" autoCapitalize="none" spellCheck={false} size="large" />
            </Form.Item>
            <Form.Item name="password" label={t('signIn.password')} rules={[{ required: true, message: t('signIn.needPassword') }]}>
              <Input.Password autoComplete="current-password" size="large" />
            </Form.Item>
            <Button type="primary" htmlType="submit" size="large" block loading={busy}>{t('signIn.submit')}</Button>
          </Form>
          <p className="quiet sign-in-help">{t('signIn.help')}</p>
        </div>
      </main>
    </div>
  );
}
