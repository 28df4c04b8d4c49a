/** The owner's order board: every live order of one restaurant. */

import type { Order, OrderStatus, Page } from './api/types'
import type { EventFrame } from './frames'
import { Problem } from './problem'
import type { Realtime } from './realtime'
import type { Rest } from './rest'

/** What an owner has to do with: from the payment until the courier has handed over. */
export const LIVE: OrderStatus[] = ['placed', 'accepted', 'preparing', 'ready', 'picked_up']

export class Board {
  orders = $state<Order[]>([])
  loaded = $state(false)
  problem = $state<Problem | null>(null)
  /** Rises with each order that comes in; the page announces it. */
  arrivals = $state(0)
  #leave: (() => void) | null = null

  constructor(
    private readonly rest: Rest,
    private readonly realtime: Realtime,
    readonly restaurantId: string,
  ) {}

  open(): void {
    this.#leave = this.realtime.subscribe(`merchant:${this.restaurantId}`, {
      snapshot: () => void this.load(),
      event: (event) => this.#hear(event),
      refused: (problem) => (this.problem = problem),
    })
  }

  close(): void {
    this.#leave?.()
  }

  async load(): Promise<void> {
    try {
      const found = await Promise.all(
        LIVE.map((status) =>
          this.rest.get<Page<Order>>('/v1/orders', { restaurant_id: this.restaurantId, status, limit: 100 }),
        ),
      )
      this.orders = found.flatMap((page) => page.items)
      this.loaded = true
      this.problem = null
    } catch (thrown) {
      this.problem = Problem.from(thrown)
    }
  }

  async command(order: Order, path: string, body?: unknown): Promise<void> {
    this.take(await this.rest.post<Order>(`/v1/orders/${order.id}/${path}`, body ?? {}))
  }

  /** Puts an order's newer version in its place. */
  take(order: Order): void {
    const others = this.orders.filter((other) => other.id !== order.id)
    const known = this.orders.find((other) => other.id === order.id)
    if (known && known.version > order.version) return
    this.orders = LIVE.includes(order.status) ? [...others, order] : others
  }

  #hear(event: EventFrame): void {
    const id = event.data['order_id']
    if (typeof id !== 'string') return
    if (event.type === 'order.placed') this.arrivals++
    void this.rest
      .get<Order>(`/v1/orders/${id}`)
      .then((order) => this.take(order))
      .catch((thrown: unknown) => (this.problem = Problem.from(thrown)))
  }
}
