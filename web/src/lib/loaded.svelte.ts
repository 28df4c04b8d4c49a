/**
 * What a page knows of something that it asked for.
 *
 * The value is in the state that has one and nowhere else: a page cannot show it without saying
 * what it shows in the other states (see `ui/Show.svelte`).
 */

import { Problem } from './problem'

export type Loaded<T> =
  | { state: 'loading' }
  | { state: 'failed'; problem: Problem }
  /** Asked and answered: there is none. */
  | { state: 'empty'; at: number }
  | { state: 'ready'; value: T; at: number }
  /** Known as of `at`, but not whether it still holds: it could not be asked for since, or the connection is lost. */
  | { state: 'stale'; value: T; at: number; problem: Problem | null }

/** Why it could not be asked for the last time, if it could not. */
export function problemOf<T>(of: Loaded<T>): Problem | null {
  return of.state === 'failed' || of.state === 'stale' ? of.problem : null
}

/** What is known, also where it may no longer hold; `null` where nothing is. */
export function known<T>(of: Loaded<T>): T | null {
  return of.state === 'ready' || of.state === 'stale' ? of.value : null
}

export class Resource<T> {
  now = $state.raw<Loaded<T>>({ state: 'loading' })
  busy = $state(false)
  #turn = 0

  /** `empty` says of which value there is none to show: an empty list by default. */
  constructor(private readonly empty: (value: T) => boolean = (value) => Array.isArray(value) && value.length === 0) {}

  /** Asks; of an older request that is still running, neither answer nor problem counts. */
  async load(ask: () => Promise<T>): Promise<void> {
    const turn = ++this.#turn
    this.busy = true
    try {
      const value = await ask()
      if (turn === this.#turn) this.take(value)
    } catch (thrown) {
      if (turn === this.#turn) this.fail(Problem.from(thrown))
    } finally {
      if (turn === this.#turn) this.busy = false
    }
  }

  /** A command's answer, or another newer value: a request that is still running began before it. */
  set(value: T): void {
    this.#turn++
    this.busy = false
    this.take(value)
  }

  /** Shows a value that was answered. */
  protected take(value: T): void {
    const at = Date.now()
    this.now = this.empty(value) ? { state: 'empty', at } : { state: 'ready', value, at }
  }

  /** Changes what is known, where something is. */
  change(of: (value: T) => T): void {
    const { now } = this
    if (now.state !== 'ready' && now.state !== 'stale') return
    const value = of(now.value)
    if (this.empty(value)) this.now = { state: 'empty', at: now.at }
    else this.now = { ...now, value }
  }

  /** It could not be asked for: what was known becomes stale. */
  fail(problem: Problem): void {
    const { now } = this
    if (now.state === 'ready' || now.state === 'stale') this.now = { ...now, state: 'stale', problem }
    else this.now = { state: 'failed', problem }
  }

  /** The connection that kept it true until now is lost. */
  lost(): void {
    const { now } = this
    if (now.state === 'ready') this.now = { state: 'stale', value: now.value, at: Date.now(), problem: null }
    if (now.state === 'empty') this.now = { state: 'loading' }
  }

  /** The connection is back, and nothing was missed. */
  regained(): void {
    const { now } = this
    if (now.state === 'stale' && now.problem === null) this.now = { state: 'ready', value: now.value, at: Date.now() }
  }
}
