/** Starts one role's app on its page. */

import { type Component, mount } from 'svelte'
import type { AppName } from '../build/apps'
import Root from './app/Root.svelte'
import { ACCOUNT, Account } from './lib/account.svelte'
import { hasKoreanFont } from './lib/fonts'
import './ui/tokens.css'
import './ui/base.css'

/** `load` brings the app, once somebody is signed in, or looks around as a guest, which a link to the sections `open` begins. */
export function start(name: AppName, load: () => Promise<{ default: Component }>, open: string[] = []): void {
  // Links of the time when all roles shared one page.
  const old = /^#\/(owner|courier|agent|operator)$/.exec(location.hash)
  if (name === 'customer' && old) {
    location.replace(`/${old[1]}/`)
    return
  }

  void hasKoreanFont().then((has) => {
    if (!has) void import('@fontsource-variable/noto-sans-kr/index.css')
  })
  const target = document.getElementById('app')
  if (target) mount(Root, { target, props: { load, open }, context: new Map([[ACCOUNT, new Account(name)]]) })
  // Where a page is not served securely there are no service workers.
  addEventListener('load', () => void navigator.serviceWorker?.register('/sw.js', { scope: location.pathname }))
}
