/**
 * Who is signed in to which app.
 *
 * Each app keeps a session of its own, so that one browser can show all sides of an order in
 * five tabs.
 */

import type { AppName } from '../../build/apps'
import type { Role, Tokens } from './api/types'
import { forgetDrafts } from './drafts'
import { Problem } from './problem'

/** A token that expires within this many milliseconds is renewed before use. */
const RENEW_BEFORE_MS = 30_000

interface Kept extends Tokens {
  /** When the access token expires, by this device's clock. */
  expires_at_ms: number
}

export class Session {
  kept = $state<Kept | null>(null)
  /** Whether a guest, who has not signed in, looks around; only the customer's app lets them. */
  looksAround = $state(false)
  /** Whether it was begun or renewed in this tab, and not in another one, or before. */
  isFromHere = false
  readonly #key: string
  readonly #proofKey: string
  readonly #guestKey: string
  #renewing: Promise<string | null> | null = null

  constructor(readonly app: AppName) {
    this.#key = `baedal.session.${app}`
    this.#proofKey = `baedal.device.${app}`
    this.#guestKey = `baedal.guest.${app}`
    this.kept = this.#read()
    this.looksAround = localStorage.getItem(this.#guestKey) !== null
    // Another tab renewed or ended the session.
    addEventListener('storage', (event) => {
      if (event.key === this.#guestKey) this.looksAround = event.newValue !== null
      if (event.key !== this.#key) return
      this.kept = this.#read()
      if (!this.kept) forgetDrafts()
    })
  }

  get userId(): string | null {
    return this.kept?.user_id ?? null
  }

  get roles(): Role[] {
    return this.kept?.roles ?? []
  }

  /** Lets a guest look around, until they sign in. */
  lookAround(): void {
    this.looksAround = true
    localStorage.setItem(this.#guestKey, '1')
  }

  keep(tokens: Tokens): void {
    this.kept = { ...tokens, expires_at_ms: Date.now() + tokens.expires_in * 1000 }
    localStorage.setItem(this.#key, JSON.stringify(this.kept))
    localStorage.setItem(this.#proofKey, tokens.refresh_token)
    this.isFromHere = true
    this.looksAround = false
    localStorage.removeItem(this.#guestKey)
  }

  /**
   * A refresh token of the last session on this device, which may have ended. It does not sign
   * in, but proves that the device is known, so that password guessing from elsewhere does not
   * lock it out.
   */
  get proof(): string | undefined {
    return localStorage.getItem(this.#proofKey) ?? undefined
  }

  /** This device forgets the session, and what its user wrote. */
  forget(): void {
    this.kept = null
    forgetDrafts()
    localStorage.removeItem(this.#key)
  }

  /** A valid access token; `stale` is one that the server has refused. */
  async token(stale?: string): Promise<string | null> {
    const kept = this.kept
    if (!kept) return null
    const fresh = kept.expires_at_ms - Date.now() > RENEW_BEFORE_MS
    if (fresh && kept.access_token !== stale) return kept.access_token
    this.#renewing ??= this.#alone(() => this.#renew(kept)).finally(() => (this.#renewing = null))
    return this.#renewing
  }

  async #renew(old: Kept): Promise<string | null> {
    // While this tab waited for the lock, another one may have renewed the token. Using a refresh
    // token again ends the session, once the tokens that replaced it are in use.
    const now = this.#read()
    if (now && now.refresh_token !== old.refresh_token) {
      this.kept = now
      return now.access_token
    }
    let response: Response
    try {
      response = await fetch('/v1/auth/refresh', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ refresh_token: old.refresh_token }),
      })
    } catch {
      throw Problem.unreachable()
    }
    if (response.ok) {
      const tokens = (await response.json()) as Tokens
      this.keep(tokens)
      return tokens.access_token
    }
    if (response.status >= 500 || response.status === 429) throw Problem.unreachable()
    this.forget()
    return null
  }

  /** Runs in one tab at a time if the browser has locks (it does on https and localhost). */
  #alone<T>(work: () => Promise<T>): Promise<T> {
    return navigator.locks ? (navigator.locks.request(this.#key, work) as Promise<T>) : work()
  }

  #read(): Kept | null {
    try {
      return JSON.parse(localStorage.getItem(this.#key) ?? 'null') as Kept | null
    } catch {
      return null
    }
  }
}
