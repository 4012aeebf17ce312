import { Button, Dropdown } from 'antd';
import type { ReactNode } from 'react';
import type { Account } from '#libs/access/account';
import { useSession } from '../session.js';
import { useLanguage, useText, type Text } from '../text/language.js';
import { AwayBanner } from './away-banner.js';
import { Icon, type IconName } from './icons.js';
import { hashOf, mayEnter, type Route } from './route.js';
import { Seal } from './seal.js';

const PAGES: readonly { route: Route; text: 'nav.board' | 'nav.persons' | 'nav.entry'; icon: IconName; holds: readonly Route['page'][] }[] = [
  { route: { page: 'board' }, text: 'nav.board', icon: 'board', holds: ['board'] },
  { route: { page: 'persons' }, text: 'nav.persons', icon: 'persons', holds: ['persons', 'person'] },
  { route: { page: 'entry' }, text: 'nav.entry', icon: 'entry', holds: ['entry', 'receipt'] },
];

/** Head, navigation and the page; on a phone the navigation lies under the thumb. */
export function Shell({ route, children }: { route: Route; children: ReactNode }): ReactNode {
  const t = useText();
  const session = useSession();
  if (session.state !== 'in') return null;
  const { account } = session;
  return (
    <div className="shell">
      <a className="skip" href="#content" onClick={(event) => { event.preventDefault(); document.getElementById('content')?.focus(); }}>{t('app.skip')}</a>
      <header className="head">
        <div className="head-in">
          <a className="brand" href={hashOf({ page: 'board' })}>
            <Seal />
            <span className="brand-words"><b>{t('app.name')}</b><small>{t('app.motto')}</small></span>
          </a>
          <nav className="nav" aria-label={t('nav.main')}>
            {PAGES.filter((p) => mayEnter(p.route, account.role)).map((p) => (
              <a key={p.text} href={hashOf(p.route)} aria-current={p.holds.includes(route.page) ? 'page' : undefined}><Icon name={p.icon} />{t(p.text)}</a>
            ))}
          </nav>
          <div className="head-end">
            <LanguageButton dark />
            <Who account={account} t={t} onOut={() => void session.signOut()} />
          </div>
        </div>
      </header>
      <AwayBanner />
      <main id="content" className="content" tabIndex={-1}>{children}</main>
    </div>
  );
}

export function LanguageButton({ dark = false }: { dark?: boolean }): ReactNode {
  const t = useText();
  const { language, setLanguage } = useLanguage();
  const other = language === 'zh' ? 'en' : 'zh';
  return <Button type="text" className={dark ? 'on-dark' : ''} lang={other === 'zh' ? 'zh-CN' : 'en'} aria-label={t('nav.languageLabel')} icon={<Icon name="language" />} onClick={() => setLanguage(other)}>{t('nav.language')}</Button>;
}

function Who({ account, t, onOut }: { account: Account; t: Text; onOut: () => void }): ReactNode {
  const scope = account.communities.length === 0 ? t('scope.city') : t('scope.some', { codes: account.communities.join(', ') });
  const details = (
    <div className="who-details"><b>{account.displayName}</b><span>{t(`role.${account.role}`)} · {scope}</span><span className="quiet">{account.username}</span></div>
  );
  return (
    <Dropdown trigger={['click']} placement="bottomRight" menu={{
      items: [{ key: 'who', label: details, disabled: true, className: 'who-item' }, { type: 'divider' }, { key: 'out', icon: <Icon name="out" />, label: t('nav.signOut'), onClick: onOut }],
    }}>
      <Button type="text" className="on-dark" aria-label={`${t('nav.account')} ${account.displayName}`} icon={<Icon name="persons" />}><span className="who-name">{t(`role.${account.role}`)}</span></Button>
    </Dropdown>
  );
}
