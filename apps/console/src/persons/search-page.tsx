import { Button } from 'antd';
import { useState, type ReactNode } from 'react';
import { useSession } from '../session.js';
import { hashOf } from '../shell/route.js';
import { go } from '../shell/use-route.js';
import { useText } from '../text/language.js';
import { NOTHING_FOUND, PersonFinder, type Found } from './person-finder.js';

/** The last search, so that coming back from a person finds it; of one account, and never in the address. */
let kept: { account: string; found: Found } | undefined;

export default function SearchPage(): ReactNode {
  const t = useText();
  const session = useSession();
  const account = session.state === 'in' ? session.account.id : '';
  const [found, setFound] = useState<Found>(kept?.account === account ? kept.found : NOTHING_FOUND);
  return (
    <div className="narrow">
      <div className="page-title"><h1>{t('search.title')}</h1><Button href={hashOf({ page: 'entry' })}>{t('search.newPerson')}</Button></div>
      <PersonFinder autoFocus found={found} onFound={(next) => { kept = { account, found: next }; setFound(next); }}
        pickLabel={(name) => t('search.open', { name })} onPick={(p) => go({ page: 'person', id: p.id })}
        none={<p className="start-hint">{t('search.start')}</p>} />
    </div>
  );
}
