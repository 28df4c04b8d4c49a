/** One page's side of the system: its session, its REST client, its socket. */

import { getContext, setContext } from 'svelte'
import type { Tokens } from './api/types'
import { language } from './i18n/index.svelte'
import { type ConnectionState, Realtime } from './realtime'
import { Rest } from './rest'
import { type Area, Session } from './session.svelte'

export class Account {
  readonly session: Session
  readonly rest: Rest
  readonly realtime: Realtime
  connection = $state<ConnectionState>('idle')
  /** When the connection was lost; `null` unless it is still lost. */
  lostAt = $state<number | null>(null)

  constructor(readonly area: Area) {
    this.session = new Session(area)
    this.rest = new Rest(this.session, () => language.code)
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

  async signOut(): Promise<void> {
    this.realtime.stop()
    // This device forgets the session even if the server cannot be reached. The refresh token is proof
    // enough: signing out renews nothing first.
    const refresh_token = this.session.kept?.refresh_token
    await this.rest.post('/v1/auth/sign-out', { refresh_token }, { anonymous: true }).catch(() => undefined)
    this.session.forget()
  }
}

const accounts = new Map<Area, Account>()

/** The account of an area; the same one each time. */
export function accountOf(area: Area): Account {
  let account = accounts.get(area)
  if (!account) {
    account = new Account(area)
    accounts.set(area, account)
  }
  return account
}

const KEY = Symbol('account')

export function provideAccount(account: Account): void {
  setContext(KEY, account)
}

export function useAccount(): Account {
  return getContext<Account>(KEY)
}

function deviceName(): string {
  const agent = navigator.userAgent
  const system = /Android|iPhone|iPad|Windows|Mac OS|Linux/.exec(agent)?.[0] ?? 'Web'
  const browser = /Edg|Firefox|Chrome|Safari/.exec(agent)?.[0] ?? ''
  return `${system} ${browser}`.trim()
}
