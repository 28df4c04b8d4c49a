/**
 * The owner's board: the live orders of all their restaurants.
 *
 * Each restaurant has a channel of its own. Its snapshot says which orders are live; what their
 * cards show is asked for by REST, as is each order that an event names.
 */

import { attention } from './attention.svelte'
import type { Order, OrderStatus, Page, Restaurant } from './api/types'
import type { EventFrame } from './frames'
import { known, type Loaded, Resource } from './loaded.svelte'
import { Problem } from './problem'
import type { Realtime } from './realtime'
import type { Rest } from './rest'

/** What an owner has to do with: from the payment until the courier has handed over. */
export const LIVE: OrderStatus[] = ['placed', 'accepted', 'preparing', 'ready', 'picked_up']

/** The live orders of one restaurant. */
export class Shop {
  /** An empty board is a board: there is no state for none. */
  readonly orders = new Resource<Order[]>(() => false)
  /** What came while the list was asked for: the answer may be older. */
  #meanwhile: Order[] = []

  constructor(readonly restaurant: Restaurant) {}

  /** What is known, also where it is stale. */
  get known(): Order[] {
    return known(this.orders.now) ?? []
  }

  get waiting(): number {
    return this.known.filter((order) => order.status === 'placed').length
  }

  async load(ask: () => Promise<Order[]>): Promise<void> {
    const meanwhile: Order[] = (this.#meanwhile = [])
    await this.orders.load(async () => meanwhile.reduce(withOrder, await ask()))
  }

  take(order: Order): void {
    this.#meanwhile.push(order)
    this.orders.change((all) => withOrder(all, order))
  }
}

/** Puts an order's newer version in its place. */
function withOrder(all: Order[], order: Order): Order[] {
  const known = all.find((other) => other.id === order.id)
  if (known && known.version > order.version) return all
  const others = all.filter((other) => other.id !== order.id)
  return LIVE.includes(order.status) ? [...others, order] : others
}

export class Board {
  readonly restaurants = new Resource<Restaurant[]>()
  shops = $state.raw<Shop[]>([])
  /** Rises with each order that comes in; the page announces it. */
  arrivals = $state(0)
  #leave: (() => void)[] = []

  constructor(
    private readonly rest: Rest,
    private readonly realtime: Realtime,
  ) {}

  /** What is known of the orders of these shops together: as old as the oldest part of it. */
  static together(shops: Shop[]): Loaded<Order[]> {
    const all = shops.map((shop) => shop.orders.now)
    const there = all.filter((one) => one.state === 'ready' || one.state === 'stale')
    const failed = all.find((one) => one.state === 'failed' || (one.state === 'stale' && one.problem !== null))
    const problem = failed && 'problem' in failed ? failed.problem : null
    if (there.length === 0) return problem ? { state: 'failed', problem } : { state: 'loading' }
    const value = there.flatMap((one) => one.value)
    const at = Math.min(...there.map((one) => one.at))
    if (problem || there.some((one) => one.state === 'stale')) return { state: 'stale', value, at, problem }
    return there.length < all.length ? { state: 'loading' } : { state: 'ready', value, at }
  }

  open(): void {
    this.#leave.push(
      this.realtime.watch((state) => {
        if (state === 'online') return
        for (const shop of this.shops) {
          shop.orders.lost()
          // Without a connection no snapshot comes: what can be known is asked for.
          if (state !== 'connecting' && shop.orders.now.state === 'loading') void this.#load(shop, LIVE)
        }
      }),
    )
    void this.load()
  }

  close(): void {
    for (const leave of this.#leave) leave()
    attention.waiting('orders', 0)
  }

  /** Asks for the restaurants, or, where they are known, for what is not known of their orders. */
  async load(): Promise<void> {
    if (this.shops.length > 0) {
      this.realtime.wake()
      // What only waits for the connection comes with it.
      const unknown = this.shops.filter(({ orders: { now } }) =>
        now.state === 'stale' ? now.problem !== null || this.realtime.state === 'refused' : now.state !== 'ready',
      )
      await Promise.all(unknown.map((shop) => this.#load(shop, LIVE)))
      return
    }
    await this.restaurants.load(() => everything((cursor) => this.rest.get('/v1/restaurants/mine', { cursor })))
    const { now } = this.restaurants
    if (now.state !== 'ready') return
    this.shops = now.value.map((restaurant) => new Shop(restaurant))
    for (const shop of this.shops) {
      const leave = this.realtime.subscribe(`merchant:${shop.restaurant.id}`, {
        snapshot: (data) => void this.#load(shop, statuses(data)),
        resumed: () => {
          shop.orders.regained()
          if (shop.orders.now.state !== 'ready') void this.#load(shop, LIVE)
        },
        event: (event) => this.#hear(shop, event),
        refused: (problem) => shop.orders.fail(problem),
      })
      this.#leave.push(leave)
    }
  }

  /** A command with a `key` is executed once, however often it is sent. */
  async command(order: Order, path: string, body?: unknown, key?: string): Promise<void> {
    const options = key === undefined ? {} : { idempotencyKey: key }
    this.#take(await this.rest.post<Order>(`/v1/orders/${order.id}/${path}`, body ?? {}, options))
  }

  /** A restaurant that pauses takes orders again. */
  resume(restaurant: string): Promise<unknown> {
    return this.rest.delete(`/v1/restaurants/${restaurant}/pause`)
  }

  async #load(shop: Shop, of: OrderStatus[]): Promise<void> {
    await shop.load(async () => {
      const found = await Promise.all(
        of.map((status) =>
          everything<Order>((cursor) =>
            this.rest.get('/v1/orders', { restaurant_id: shop.restaurant.id, status, limit: 100, cursor }),
          ),
        ),
      )
      return found.flat()
    })
    if (this.realtime.state !== 'online') shop.orders.lost()
    this.#count()
  }

  #take(order: Order): void {
    this.shops.find((shop) => shop.restaurant.id === order.restaurant_id)?.take(order)
    this.#count()
  }

  #hear(shop: Shop, event: EventFrame): void {
    const id = event.data['order_id']
    if (typeof id !== 'string') return
    if (event.type === 'order.placed') this.arrivals++
    // Nobody has answered it yet: its owner is called again.
    if (event.type === 'order.waiting') return attention.call()
    void this.rest
      .get<Order>(`/v1/orders/${id}`)
      .then((order) => this.#take(order))
      .catch((thrown: unknown) => shop.orders.fail(Problem.from(thrown)))
  }

  #count(): void {
    attention.waiting('orders', this.shops.reduce((sum, shop) => sum + shop.waiting, 0))
  }
}

/** All pages of a list. */
async function everything<T>(page: (cursor?: string) => Promise<Page<T>>): Promise<T[]> {
  const all: T[] = []
  for (let cursor: string | undefined; ; ) {
    const { items, next_cursor } = await page(cursor)
    all.push(...items)
    if (!next_cursor) return all
    cursor = next_cursor
  }
}

/** The statuses of which a channel's snapshot names orders. */
function statuses(snapshot: unknown): OrderStatus[] {
  const orders = (snapshot as { orders?: { status: OrderStatus }[] } | null)?.orders
  return orders ? LIVE.filter((status) => orders.some((order) => order.status === status)) : LIVE
}
