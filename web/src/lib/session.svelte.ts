/**
 * Who is signed in on which page.
 *
 * Customer, courier, owner, agent and operator pages keep a session each, so that one
 * browser can show all sides of an order in five tabs.
 */

import type { Role, Tokens } from './api/types'
import { Problem } from './problem'

export type Area = 'customer' | 'courier' | 'owner' | 'agent' | 'operator'

/** A token that ends sooner than this is renewed before it is used, in milliseconds. */
const RENEW_BEFORE_MS = 30_000

interface Kept extends Tokens {
  /** When the access token ends, by this device's clock. */
  expires_at_ms: number
}

export class Session {
  kept = $state<Kept | null>(null)
  readonly #key: string
  readonly #proofKey: string
  #renewing: Promise<string | null> | null = null

  constructor(readonly area: Area) {
    this.#key = `baedal.session.${area}`
    this.#proofKey = `baedal.device.${area}`
    this.kept = this.#read()
    // Another tab renewed or ended the session.
    addEventListener('storage', (event) => {
      if (event.key === this.#key) this.kept = this.#read()
    })
  }

  get userId(): string | null {
    return this.kept?.user_id ?? null
  }

  get roles(): Role[] {
    return this.kept?.roles ?? []
  }

  keep(tokens: Tokens): void {
    this.kept = { ...tokens, expires_at_ms: Date.now() + tokens.expires_in * 1000 }
    localStorage.setItem(this.#key, JSON.stringify(this.kept))
    localStorage.setItem(this.#proofKey, tokens.refresh_token)
  }

  /**
   * A refresh token of the last session here, which may be over: no way in, but the proof
   * that this device is known, so that nobody who guesses elsewhere locks it out.
   */
  get proof(): string | undefined {
    return localStorage.getItem(this.#proofKey) ?? undefined
  }

  forget(): void {
    this.kept = null
    localStorage.removeItem(this.#key)
  }

  /** A token that the server should take; `stale` is one that it did not. */
  async token(stale?: string): Promise<string | null> {
    const kept = this.kept
    if (!kept) return null
    const fresh = kept.expires_at_ms - Date.now() > RENEW_BEFORE_MS
    if (fresh && kept.access_token !== stale) return kept.access_token
    this.#renewing ??= this.#alone(() => this.#renew(kept)).finally(() => (this.#renewing = null))
    return this.#renewing
  }

  async #renew(old: Kept): Promise<string | null> {
    // While this tab waited for its turn another one may have renewed already:
    // a refresh token that is used twice would end the session.
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

  /** One tab at a time, where the browser offers locks (it does on https and localhost). */
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
