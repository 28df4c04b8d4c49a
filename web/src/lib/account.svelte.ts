/** One page's side of the system: its session, its REST client, its socket. */

import { getContext } from 'svelte'
import type { AppName } from '../../build/apps'
import type { Tokens } from './api/types'
import { language } from './i18n/index.svelte'
import { type ConnectionState, Realtime } from './realtime'
import { Rest } from './rest'
import { stepUp } from '../ui/stepUp.svelte'
import { Session } from './session.svelte'

export class Account {
  readonly session: Session
  readonly rest: Rest
  readonly realtime: Realtime
  connection = $state<ConnectionState>('idle')
  /** When the connection was lost; `null` unless it is still lost. */
  lostAt = $state<number | null>(null)

  constructor(readonly app: AppName) {
    this.session = new Session(app)
    this.rest = new Rest(this.session, () => language.code, stepUp)
    this.realtime = new Realtime({
      url: `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/v1/realtime`,
      token: (stale) => this.session.token(stale),
    })
    let before: ConnectionState = 'idle'
    this.realtime.watch((state) => {
      if (before === 'online') this.lostAt = Date.now()
      if (state === 'online') this.lostAt = null
      this.connection = before = state
    })
    addEventListener('online', () => this.realtime.wake())
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'visible') this.realtime.wake()
    })
  }

  async signIn(email: string, password: string): Promise<void> {
    const tokens = await this.rest.post<Tokens>(
      '/v1/auth/sign-in',
      { email, password, device: deviceName(), refresh_token: this.session.proof },
      { anonymous: true },
    )
    this.session.keep(tokens)
  }

  /** Proves by the password who the signed-in person is; what needs a fresh proof is allowed for five minutes. */
  async prove(password: string): Promise<void> {
    await this.rest.post('/v1/auth/re-authenticate', { password })
  }

  async signOut(): Promise<void> {
    this.realtime.stop()
    // This device forgets the session even if the server cannot be reached. The refresh token is proof
    // enough: signing out renews nothing first.
    const refresh_token = this.session.kept?.refresh_token
    await this.rest.post('/v1/auth/sign-out', { refresh_token }, { anonymous: true }).catch(() => undefined)
    this.session.forget()
  }
}

/** Under this key an app's context holds its account. */
export const ACCOUNT = Symbol('account')

export function useAccount(): Account {
  return getContext<Account>(ACCOUNT)
}

/** What this device calls itself, for the list of sessions. */
export function deviceName(): string {
  const agent = navigator.userAgent
  const system = /Android|iPhone|iPad|Windows|Mac OS|Linux/.exec(agent)?.[0] ?? 'Web'
  const browser = /Edg|Firefox|Chrome|Safari/.exec(agent)?.[0] ?? ''
  return `${system} ${browser}`.trim()
}
