/** A list that the server gives in pages. */

import type { Page } from './api/types'
import { known, Resource } from './loaded.svelte'

export class Paged<T> {
  readonly list = new Resource<T[]>()
  #cursor = $state<string | null>(null)

  constructor(private readonly ask: (cursor?: string) => Promise<Page<T>>) {}

  get more(): boolean {
    return this.#cursor !== null
  }

  /** The first page, in place of what was shown. */
  async load(): Promise<void> {
    this.#cursor = null
    await this.list.load(async () => {
      const page = await this.ask()
      this.#cursor = page.next_cursor ?? null
      return page.items
    })
  }

  /** The page after those that are shown. */
  async next(): Promise<void> {
    const shown = known(this.list.now) ?? []
    await this.list.load(async () => {
      const page = await this.ask(this.#cursor ?? undefined)
      this.#cursor = page.next_cursor ?? null
      return [...shown, ...page.items]
    })
  }

  /** The first page anew, before the pages that are shown already; `key` tells which item is which. */
  async refresh(key: (item: T) => string): Promise<void> {
    const shown = known(this.list.now)
    if (!shown) return this.load()
    await this.list.load(async () => {
      const page = await this.ask()
      const fresh = new Set(page.items.map(key))
      const rest = shown.filter((item) => !fresh.has(key(item)))
      const joins = rest.length < shown.length
      // More is new than a page holds: what lies between is not known.
      if (!joins) this.#cursor = page.next_cursor ?? null
      return joins ? [...page.items, ...rest] : page.items
    })
  }
}
