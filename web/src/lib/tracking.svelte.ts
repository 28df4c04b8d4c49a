/** One order as its customer follows it: status, history, delivery, position. */

import type { Delivery, Eta, HistoryItem, Order, OrderStatus, Position, Vehicle } from './api/types'
import type { EventFrame } from './frames'
import { Problem } from './problem'
import type { Realtime } from './realtime'
import type { Rest } from './rest'

/** From the owner's yes until the handover there is a delivery to follow. */
const RIDING: OrderStatus[] = ['accepted', 'preparing', 'ready', 'picked_up']
const ENDED_EARLY: OrderStatus[] = ['cancelled', 'rejected', 'delivery_failed']
/** The delivery is made a moment after the order is accepted. */
const TRY_AGAIN_MS = 1_500

export interface Moment {
  key: string
  type: string
  at: string
}

export class Tracking {
  order = $state<Order | null>(null)
  delivery = $state<Delivery | null>(null)
  position = $state.raw<Position | null>(null)
  eta = $state<Eta | null>(null)
  moments = $state<Moment[]>([])
  problem = $state<Problem | null>(null)
  #leaveOrder: (() => void) | null = null
  #leaveDelivery: (() => void) | null = null
  #retry: ReturnType<typeof setTimeout> | undefined
  /** Of when `position` is. */
  seenAt = $state.raw<string | null>(null)

  constructor(
    private readonly rest: Rest,
    private readonly realtime: Realtime,
    readonly id: string,
  ) {}

  open(): void {
    this.#leaveOrder = this.realtime.subscribe(`order:${this.id}`, {
      snapshot: () => void this.load(),
      event: (event) => this.#orderEvent(event),
      refused: (problem) => (this.problem = problem),
    })
    void this.load()
  }

  close(): void {
    this.#leaveOrder?.()
    this.#leaveDelivery?.()
    clearTimeout(this.#retry)
  }

  async load(): Promise<void> {
    try {
      const [order, history] = await Promise.all([
        this.rest.get<Order>(`/v1/orders/${this.id}`),
        this.rest.get<{ items: HistoryItem[] }>(`/v1/orders/${this.id}/history`),
      ])
      this.problem = null
      this.order = order
      for (const item of history.items) this.#note(`order/${item.version}`, item.type, item.at)
      this.#follow()
    } catch (thrown) {
      this.problem = Problem.from(thrown)
    }
  }

  /** The order after a command of this page. */
  take(order: Order): void {
    if (!this.order || order.version >= this.order.version) this.order = order
    this.#follow()
  }

  #orderEvent(event: EventFrame): void {
    if (event.offset !== undefined) this.#note(`order/${event.offset}`, event.type, event.at)
    const order = this.order
    if (!order) return
    order.status = event.data['status'] as OrderStatus
    if (event.offset !== undefined) order.version = Math.max(order.version, event.offset)
    if (typeof event.data['ready_by'] === 'string') order.ready_by = event.data['ready_by']
    if (event.type === 'order.cancel_refused') order.cancel_request = null
    // How the courier waits at the door, and what goes back after an early end.
    if (event.type.startsWith('order.contact_') || ENDED_EARLY.includes(order.status)) void this.load()
    this.#follow()
  }

  /** Listens to the delivery while there is one. */
  #follow(): void {
    // Whoever collects an order has no delivery: asking for one would never end.
    const riding = this.order?.drop_off != null && RIDING.includes(this.order.status)
    if (!riding || this.#leaveDelivery) return
    this.#leaveDelivery = this.realtime.subscribe(`delivery:${this.id}`, {
      snapshot: (data) => this.#deliveryState(data as Delivery),
      event: (event) => this.#deliveryEvent(event),
      latest: (latest) => {
        // One from a process that knew no newer says nothing of the arrival either.
        if (latest.position && !this.#place(latest.position, latest.at)) return
        if (latest.eta !== undefined) this.eta = latest.eta
      },
      ended: () => this.#over(),
      refused: () => {
        this.#leaveDelivery = null
        clearTimeout(this.#retry)
        this.#retry = setTimeout(() => this.#follow(), TRY_AGAIN_MS)
      },
    })
  }

  #deliveryState(delivery: Delivery): void {
    this.delivery = delivery
    const { position } = delivery
    if (position) this.#place(position, position.at)
    else this.position = null
    this.eta = delivery.eta ?? null
  }

  /** The courier's position, unless it is older than what is shown. Says whether it was not. */
  #place(position: Position, at: string): boolean {
    if (this.position && this.seenAt && Date.parse(at) < Date.parse(this.seenAt)) return false
    this.position = position
    this.seenAt = at
    return true
  }

  #deliveryEvent(event: EventFrame): void {
    if (event.offset !== undefined) this.#note(`delivery/${event.offset}`, event.type, event.at)
    const delivery = this.delivery
    if (!delivery) return
    const status = event.data['status']
    if (typeof status === 'string') delivery.status = status as Delivery['status']
    if (event.type === 'delivery.assigned') {
      const { courier_id: id, name, vehicle } = event.data
      delivery.courier = { id: String(id), name: String(name), vehicle: vehicle as Vehicle }
    }
    if (event.type === 'delivery.unassigned') {
      delivery.courier = null
      this.position = null
      this.eta = null
    }
    if (event.type === 'delivery.delivered') this.#over()
  }

  #over(): void {
    this.#leaveDelivery?.()
    this.#leaveDelivery = null
    this.position = null
    this.eta = null
  }

  #note(key: string, type: string, at: string): void {
    if (this.moments.some((moment) => moment.key === key)) return
    this.moments.push({ key, type, at })
    this.moments.sort((a, b) => a.at.localeCompare(b.at))
  }
}
