/** The state of one order for its customer: status, history, delivery, position. */

import type { Delivery, Eta, HistoryItem, Order, OrderStatus, Position, Vehicle } from './api/types'
import type { EventFrame } from './frames'
import { known, Resource } from './loaded.svelte'
import { CAME_TO_NOTHING, isOver, UNDER_WAY } from './order'
import type { Realtime } from './realtime'
import type { Rest } from './rest'

/** The delivery is created shortly after the order is accepted: subscribe again after this. */
const TRY_AGAIN_MS = 1_500
/** A connection that is lost for longer makes what is shown stale. */
const STALE_AFTER_MS = 4_000

export interface Moment {
  key: string
  type: string
  at: string
  /** What its type adds. */
  data: Record<string, unknown>
}

/** A step as the history has it. Its channel and offset name it, so that a live event is recognised. */
export function momentOf({ channel, version, type, at, data }: Omit<HistoryItem, 'data'> & { data?: unknown }): Moment {
  return { key: `${channel}/${version}`, type, at, data: (data ?? {}) as Moment['data'] }
}

export class Tracking {
  readonly order = new Resource<Order>(() => false)
  delivery = $state.raw<Delivery | null>(null)
  position = $state.raw<Position | null>(null)
  eta = $state.raw<Eta | null>(null)
  moments = $state.raw<Moment[]>([])
  #leaveOrder: (() => void) | null = null
  #leaveDelivery: (() => void) | null = null
  #unwatch: (() => void) | null = null
  #retry: ReturnType<typeof setTimeout> | undefined
  #reading: Promise<void> = Promise.resolve()
  #stale: ReturnType<typeof setTimeout> | undefined
  /** The time of `position`. */
  seenAt = $state.raw<string | null>(null)

  constructor(
    private readonly rest: Rest,
    private readonly realtime: Realtime,
    readonly id: string,
  ) {}

  open(): void {
    this.#leaveOrder = this.realtime.subscribe(`order:${this.id}`, {
      snapshot: (data) => void this.#catchUp(data as Order),
      event: (event) => this.#orderEvent(event),
      refused: (problem) => this.order.fail(problem),
    })
    this.#unwatch = this.realtime.watch((state) => {
      clearTimeout(this.#stale)
      if (state !== 'online') this.#stale = setTimeout(() => this.#deaf(), STALE_AFTER_MS)
    })
    void this.load()
  }

  close(): void {
    this.#leaveOrder?.()
    this.#leaveDelivery?.()
    this.#unwatch?.()
    clearTimeout(this.#retry)
    clearTimeout(this.#stale)
  }

  load(): Promise<void> {
    this.#reading = this.#read()
    return this.#reading
  }

  async #read(): Promise<void> {
    await this.order.load(async () => {
      const [order, history] = await Promise.all([
        this.rest.get<Order>(`/v1/orders/${this.id}`),
        this.rest.get<{ items: HistoryItem[] }>(`/v1/orders/${this.id}/history`),
      ])
      for (const item of history.items) this.#note(momentOf(item))
      const before = known(this.order.now)
      // An event that came meanwhile may know more than the answer.
      return before && before.version > order.version ? before : order
    })
    this.#follow()
  }

  /** The order as of the subscription. Its history is read again only if it has become longer. */
  async #catchUp(order: Order): Promise<void> {
    await this.#reading
    const before = known(this.order.now)
    if (!before || before.version < order.version) await this.load()
    else this.take(order)
  }

  /** Takes the order that a command of this page returned. */
  take(order: Order): void {
    const before = known(this.order.now)
    if (!before || order.version >= before.version) this.order.set(order)
    this.#follow()
  }

  /** Nothing is heard: what is shown may no longer hold, unless nothing follows any more. */
  #deaf(): void {
    const order = known(this.order.now)
    if (order && !isOver(order)) this.order.lost()
  }

  #orderEvent(event: EventFrame): void {
    if (event.offset !== undefined) this.#note(momentOf({ ...event, version: event.offset }))
    this.order.change((order) => ({
      ...order,
      status: event.data['status'] as OrderStatus,
      version: Math.max(order.version, event.offset ?? 0),
      ...(typeof event.data['ready_by'] === 'string' ? { ready_by: event.data['ready_by'] } : {}),
      ...(event.type === 'order.cancel_refused' ? { cancel_request: null } : {}),
    }))
    const order = known(this.order.now)
    if (!order) return
    // The event does not contain the contact attempt, the refund or what is left of the dishes.
    const isBrief = event.type.startsWith('order.contact_') || event.type === 'order.lines_cancelled'
    if (isBrief || CAME_TO_NOTHING.includes(order.status)) void this.load()
    this.#follow()
  }

  /** Subscribes to the delivery while there is one. */
  #follow(): void {
    // A collected order has no delivery: subscribing would be retried without end.
    const order = known(this.order.now)
    const riding = order?.drop_off != null && UNDER_WAY.includes(order.status)
    if (!riding || this.#leaveDelivery) return
    this.#leaveDelivery = this.realtime.subscribe(`delivery:${this.id}`, {
      snapshot: (data) => this.#deliveryState(data as Delivery),
      event: (event) => this.#deliveryEvent(event),
      latest: (latest) => {
        // A frame with an older position has an older ETA, too.
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

  /** Sets the courier's position, unless it is older than the one shown. False if it is. */
  #place(position: Position, at: string): boolean {
    if (this.position && this.seenAt && Date.parse(at) < Date.parse(this.seenAt)) return false
    this.position = position
    this.seenAt = at
    return true
  }

  #deliveryEvent(event: EventFrame): void {
    if (event.offset !== undefined) this.#note(momentOf({ ...event, version: event.offset }))
    if (!this.delivery) return
    const delivery = { ...this.delivery }
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
    this.delivery = delivery
    if (event.type === 'delivery.delivered') this.#over()
  }

  #over(): void {
    this.#leaveDelivery?.()
    this.#leaveDelivery = null
    this.position = null
    this.eta = null
  }

  /** `key` is channel and offset: the same in the history and over the socket. */
  #note(moment: Moment): void {
    if (this.moments.some(({ key }) => key === moment.key)) return
    this.moments = [...this.moments, moment].sort((a, b) => a.at.localeCompare(b.at))
  }
}
