/**
 * Routes of an app: `#/orders/0192…` is the path `['orders', '0192…']`.
 *
 * Going back returns to where the page was scrolled to; going on starts at its top.
 */

import type { Component } from 'svelte'

/** What an app shows at which path: `orders/:id` takes an id of the server (a UUID). */
export interface RouteTo {
  path: string
  // Pages differ in what their paths give them.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  page: Component<any>
}

export interface Found {
  page: RouteTo['page']
  params: Record<string, string>
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** The parts of a hash; `null` if it cannot be read. */
export function pathOf(hash: string): string[] | null {
  try {
    return hash
      .replace(/^#\/?/, '')
      .replace(/\?.*$/, '')
      .split('/')
      .filter((part) => part !== '')
      .map(decodeURIComponent)
  } catch {
    return null
  }
}

/** Ends the address of a page that a guest may see, and before which they want to sign in. */
export const SIGN_IN = '?sign-in'

/** The route of a path; `null` where there is none. */
export function find(routes: RouteTo[], path: string[] | null): Found | null {
  if (path === null) return null
  for (const route of routes) {
    const wanted = route.path.split('/').filter((part) => part !== '')
    if (wanted.length !== path.length) continue
    const params: Record<string, string> = {}
    const fits = wanted.every((part, index) => {
      const given = path[index] ?? ''
      if (!part.startsWith(':')) return part === given
      params[part.slice(1)] = given
      return UUID.test(given)
    })
    if (fits) return { page: route.page, params }
  }
  return null
}

/** A page that comes back waits this long for its content to be as high as it was, in milliseconds. */
const RESTORE_MS = 3_000

class Route {
  path = $state.raw<string[] | null>([])
  /** Whether a guest asks to sign in before they see the page. */
  signsIn = $state(false)
  /** Rises with each change of the page; 0 while the first one is shown. */
  moves = $state(0)
  #saving: ReturnType<typeof setTimeout> | undefined

  constructor() {
    if (typeof location === 'undefined') return
    this.#read()
    history.scrollRestoration = 'manual'
    addEventListener('hashchange', () => {
      clearTimeout(this.#saving)
      this.#read()
      this.moves++
      scrollBackTo(Number((history.state as { y?: number } | null)?.y ?? 0))
    })
    // The entry is another one already: where the page before stood is not its own.
    addEventListener('popstate', () => clearTimeout(this.#saving))
    const save = () => history.replaceState({ y: scrollY }, '')
    addEventListener('scroll', () => {
      clearTimeout(this.#saving)
      this.#saving = setTimeout(save, 150)
    }, { passive: true })
    // A link is followed before the pause after scrolling is over.
    addEventListener('click', save, { capture: true })
  }

  #read(): void {
    this.path = pathOf(location.hash)
    this.signsIn = location.hash.endsWith(SIGN_IN)
  }
}

/** Scrolls to `y` as soon as the page is high enough, unless its reader scrolls first. */
function scrollBackTo(y: number): void {
  scrollTo(0, 0)
  if (y === 0) return
  const until = performance.now() + RESTORE_MS
  const give = new AbortController()
  for (const type of ['wheel', 'touchstart', 'keydown']) {
    addEventListener(type, () => give.abort(), { once: true, passive: true, signal: give.signal })
  }
  const attempt = () => {
    if (give.signal.aborted) return
    const high = document.documentElement.scrollHeight - innerHeight >= y
    if (high) scrollTo(0, y)
    if (high || performance.now() > until) return give.abort()
    requestAnimationFrame(attempt)
  }
  requestAnimationFrame(attempt)
}

export const route = new Route()

export function go(path: string): void {
  location.hash = `#${path}`
}

/** Replaces the page that is shown, and resolves when the other one is. */
export async function arrive(hash: string): Promise<void> {
  if (location.hash === hash) return
  const changed = new Promise((resolve) => addEventListener('hashchange', resolve, { once: true }))
  location.replace(hash)
  await changed
}
