/**
 * Signing in by another company: the page goes there and comes back to `#/auth/callback`.
 *
 * What it needs when it is back stays in this tab: the secret that binds the attempt to this browser.
 */

import type { AppName } from '../../build/apps'
import type { Account } from './account.svelte'
import type { BegunSocial, CompletedSocial, SignUpConsents, Tokens } from './api/types'
import { deviceName } from './account.svelte'

/** To sign in or up, to link the company to the account, or to prove once more who one is. */
export type Wish = 'sign_in' | 'link' | 'prove'

const KEY = 'baedal.social'

interface Attempt {
  provider: string
  secret: string
  wish: Wish
  app: AppName
  /** The page to go back to: a hash of ours. */
  back: string
}

/** What came back with the browser. */
export interface Comeback {
  attempt: Attempt
  state: string
  code: string | undefined
  iss: string | undefined
}

/** Goes to the company's page. Never resolves where that succeeds. */
export async function leave(account: Account, provider: string, wish: Wish): Promise<void> {
  const begun = await account.rest.post<BegunSocial>(
    `/v1/auth/social/${provider}/begin`,
    { wish },
    { anonymous: wish === 'sign_in' },
  )
  const attempt: Attempt = {
    provider,
    secret: begun.browser_secret,
    wish,
    app: account.app,
    back: location.hash || '#/',
  }
  sessionStorage.setItem(KEY, JSON.stringify(attempt))
  location.assign(begun.authorize_url)
  await new Promise(() => undefined)
}

/**
 * What came back, once: reading it again finds nothing, so that a page that is loaded anew does not bring the
 * same again, which would end the session. `null` where this tab began nothing.
 */
export function takeComeback(app: AppName): Comeback | 'elsewhere' | null {
  const brought = new URLSearchParams(location.hash.split('?')[1] ?? '')
  const attempt = kept()
  const state = brought.get('state')
  if (!attempt || !state || brought.get('provider') !== attempt.provider) return null
  if (attempt.app !== app) {
    // The server sends everybody to the customers' page.
    location.replace(`/${attempt.app === 'customer' ? '' : `${attempt.app}/`}${location.hash}`)
    return 'elsewhere'
  }
  sessionStorage.removeItem(KEY)
  history.replaceState(history.state, '', '#/auth/callback')
  return { attempt, state, code: brought.get('code') ?? undefined, iss: brought.get('iss') ?? undefined }
}

function kept(): Attempt | null {
  try {
    return JSON.parse(sessionStorage.getItem(KEY) ?? 'null') as Attempt | null
  } catch {
    return null
  }
}

/** Finishes the attempt. */
export function complete(account: Account, comeback: Comeback): Promise<CompletedSocial> {
  const { attempt, state, code, iss } = comeback
  return account.rest.post<CompletedSocial>(
    `/v1/auth/social/${attempt.provider}/complete`,
    { state, code, iss, browser_secret: attempt.secret, device: deviceName() },
    { anonymous: attempt.wish === 'sign_in' },
  )
}

/** Opens an account for whom the company named. */
export function signUp(account: Account, comeback: Comeback, fields: { name: string; phone: string; consents: SignUpConsents }): Promise<Tokens> {
  const { attempt, state } = comeback
  const body = { state, browser_secret: attempt.secret, device: deviceName(), ...fields }
  return account.rest.post<Tokens>('/v1/users/social', body, { anonymous: true })
}
