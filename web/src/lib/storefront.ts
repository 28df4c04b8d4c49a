/**
 * What customers see change of a restaurant while they look at it.
 *
 * Its channel tells what its people and its timers change. What the hours change is no event: it is
 * read again at the moment that the restaurant names.
 */

import type { Restaurant } from './api/types'
import type { EventFrame } from './frames'
import type { Realtime } from './realtime'

/** What snapshots and events of `restaurant:{id}` show; what is not known is left out. */
type LiveState = Pick<
  Restaurant,
  'open_now' | 'closed_reason' | 'next_open_at' | 'preparation_mins' | 'busy_until' | 'changes_at'
>

/** The longest that a timer waits, in milliseconds. */
const LONGEST_MS = 2 ** 31 - 1
/** Clocks differ: what changes on the hour is asked for a little later. */
const LATER_MS = 500
/** A row that is scrolled past is not followed. */
const SEEN_MS = 400
/** Changes of a restaurant within this time are one: its owner marks several dishes as sold out in a row. */
const CONFLATE_MS = 1_000
/** More rows are not in view at once. */
const MOST = 40
/** Events after which more is different than the live state. */
const MORE = ['restaurant.changed', 'restaurant.published']

/** The restaurant with what its channel told of it. */
export function withLive(restaurant: Restaurant, live: LiveState): Restaurant {
  return {
    ...restaurant,
    open_now: live.open_now,
    closed_reason: live.closed_reason ?? null,
    next_open_at: live.next_open_at ?? null,
    preparation_mins: live.preparation_mins,
    busy_until: live.busy_until ?? null,
    changes_at: live.changes_at ?? null,
  }
}

/** Calls `again` when the moment comes; the function that is returned forgets it. */
export function atMoment(moment: string | null | undefined, again: () => void): () => void {
  if (!moment) return () => undefined
  const timer = setTimeout(again, Math.min(Math.max(Date.parse(moment) - Date.now(), 0) + LATER_MS, LONGEST_MS))
  return () => clearTimeout(timer)
}

/** Calls `changed` after what its people, or the hour, change of a restaurant, until the returned function is called. */
export function followRestaurant(realtime: Realtime, id: string, changed: () => void): () => void {
  let isKnown = false
  let soon: ReturnType<typeof setTimeout> | undefined
  let forget = () => {}
  const again = () => {
    soon ??= setTimeout(() => {
      soon = undefined
      changed()
    }, CONFLATE_MS)
  }
  const take = (data: unknown) => {
    forget()
    forget = atMoment((data as LiveState).changes_at, again)
    // The first snapshot is what the page was read with.
    if (isKnown) again()
    isKnown = true
  }
  const leave = realtime.subscribe(`restaurant:${id}`, { snapshot: take, event: ({ data }) => take(data), ended: again })
  return () => {
    leave()
    forget()
    clearTimeout(soon)
  }
}

/** A window and its page tell of one return within this time. */
const AWAY_MS = 1_000

/**
 * Calls `again` when its reader is back at the page, or the network is, until the returned function is called: whoever
 * is not connected is told nothing meanwhile.
 */
export function onReturn(again: () => void): () => void {
  let last = Date.now()
  const back = ({ type }: Event) => {
    if (document.visibilityState !== 'visible' || (type !== 'online' && Date.now() - last < AWAY_MS)) return
    last = Date.now()
    again()
  }
  const returns = new AbortController()
  const { signal } = returns
  document.addEventListener('visibilitychange', back, { signal })
  for (const type of ['focus', 'online']) addEventListener(type, back, { signal })
  return () => returns.abort()
}

/** Keeps the rows of a list true while they are in view. */
export class Rows {
  readonly #leave = new Map<string, () => void>()
  readonly #observer: IntersectionObserver

  constructor(
    /** `null` for a guest, who has no connection: what the hour changes is read all the same. */
    private readonly realtime: Realtime | null,
    /** Puts what is known by now in the place of a row. */
    private readonly change: (id: string, of: (row: Restaurant) => Restaurant) => void,
    private readonly read: (id: string) => Promise<Restaurant>,
  ) {
    this.#observer = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) {
        const id = (target as HTMLElement).dataset['row'] ?? ''
        if (isIntersecting) this.#enter(id)
        else this.#exit(id)
      }
    })
  }

  /** Follows an element's restaurant, `data-row`, while it is in view: an attachment. */
  readonly attach = (row: HTMLElement): (() => void) => {
    this.#observer.observe(row)
    return () => {
      this.#observer.unobserve(row)
      this.#exit(row.dataset['row'] ?? '')
    }
  }

  close(): void {
    this.#observer.disconnect()
    for (const id of [...this.#leave.keys()]) this.#exit(id)
  }

  #exit(id: string): void {
    this.#leave.get(id)?.()
    this.#leave.delete(id)
  }

  #enter(id: string): void {
    if (this.#leave.has(id) || this.#leave.size >= MOST) return
    let turn: (() => void) | undefined
    let unsubscribe: (() => void) | undefined
    const take = (of: (row: Restaurant) => Restaurant) => {
      this.change(id, (row) => {
        const now = of(row)
        turn?.()
        turn = atMoment(now.changes_at, again)
        return now
      })
    }
    // What could not be read stays as it is: the list itself says that it is old.
    const again = () => void this.read(id).then((read) => this.#leave.has(id) && take(() => read), () => undefined)
    const live = (data: unknown) => take((row) => withLive(row, data as LiveState))
    const event = ({ type, data }: EventFrame) => (MORE.includes(type) ? again() : live(data))
    const wait = setTimeout(() => {
      if (this.realtime) unsubscribe = this.realtime.subscribe(`restaurant:${id}`, { snapshot: live, event, ended: again })
      else take((row) => row)
    }, SEEN_MS)
    this.#leave.set(id, () => {
      clearTimeout(wait)
      turn?.()
      unsubscribe?.()
    })
  }
}
