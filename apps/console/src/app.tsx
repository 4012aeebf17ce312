import { App as AntApp, ConfigProvider, Spin } from 'antd';
import enUS from 'antd/locale/en_US';
import zhCN from 'antd/locale/zh_CN';
import { lazy, Suspense, type ReactNode } from 'react';
import { SessionProvider, useSession } from './session.js';
import { Shell } from './shell/shell.js';
import { SignInAgain } from './sign-in/sign-in-again.js';
import { SignInPage } from './sign-in/sign-in-page.js';
import { mayEnter, type Route } from './shell/route.js';
import { useRoute } from './shell/use-route.js';
import { LanguageProvider, useLanguage } from './text/language.js';
import { NoRight } from './shell/no-right.js';
import { THEME } from './theme.js';

const BoardPage = lazy(() => import('./board/board-page.js'));
const SearchPage = lazy(() => import('./persons/search-page.js'));
const PersonPage = lazy(() => import('./persons/person-page.js'));
const EntryPage = lazy(() => import('./entry/entry-page.js'));
const ReceiptPage = lazy(() => import('./entry/receipt-page.js'));

export function App(): ReactNode {
  return <LanguageProvider><Themed /></LanguageProvider>;
}

function Themed(): ReactNode {
  const { language } = useLanguage();
  return (
    <ConfigProvider theme={THEME} locale={language === 'zh' ? zhCN : enUS} button={{ autoInsertSpace: false }}>
      <AntApp component={false}><SessionProvider><Page /></SessionProvider></AntApp>
    </ConfigProvider>
  );
}

function Page(): ReactNode {
  const session = useSession();
  const route = useRoute();
  if (session.state === 'asking') return <div className="whole-page"><Spin size="large" /></div>;
  if (session.state === 'out') return <SignInPage />;
  const { account, ended = false } = session;
  // Another account starts with an empty page.
  return (
    <div key={account.id}>
      <div className={ended ? 'put-away' : ''} inert={ended}>
        <Shell route={route}>
          <Suspense fallback={<div className="page-wait"><Spin /></div>}>
            {mayEnter(route, account.role) ? pageOf(route) : <NoRight />}
          </Suspense>
        </Shell>
      </div>
      {ended && <SignInAgain account={account} />}
    </div>
  );
}

function pageOf(route: Route): ReactNode {
  switch (route.page) {
    case 'board': return <BoardPage />;
    case 'persons': return <SearchPage />;
    case 'person': return <PersonPage key={route.id} id={route.id} />;
    case 'entry': return <EntryPage key={route.person ?? ''} person={route.person} />;
    case 'receipt': return <ReceiptPage key={route.id} id={route.id} />;
  }
}
