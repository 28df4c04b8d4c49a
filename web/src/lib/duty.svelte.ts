/** A courier at work: shift, offers, deliveries, and the phone's position on its way to the server. */

import type { Courier, Delivery, FailReason, Offer, Step } from './api/types'
import { FixOutbox, indexedDbStore, newTrack } from './fixes'
import type { EventFrame } from './frames'
import { Resource } from './loaded.svelte'
import { Locator, type Measured } from './locator.svelte'
import type { Problem } from './problem'
import type { Realtime } from './realtime'
import type { Rest } from './rest'

export class Duty {
  /** A courier without offers and deliveries is one too: there is no state for none. */
  readonly courier = new Resource<Courier>(() => false)
  readonly locator = new Locator((fix) => void this.#measured(fix))
  unsent = $state(0)
  #outbox: FixOutbox | null = null
  #onShift = false
  #beginning = false
  #closed = false
  #opening: Promise<void> | null = null
  #leave: (() => void)[] = []

  constructor(
    private readonly rest: Rest,
    private readonly realtime: Realtime,
  ) {}

  async open(): Promise<void> {
    void this.locator.open()
    await this.load()
  }

  close(): void {
    this.#closed = true
    this.locator.close()
    for (const leave of this.#leave) leave()
    this.#outbox?.close()
  }

  /** Asks anew; a courier who becomes known is followed. */
  async load(): Promise<void> {
    await this.courier.load(() => this.rest.get<Courier>('/v1/couriers/me'))
    const { now } = this.courier
    if (now.state !== 'ready' || this.#closed) return
    this.#onShift = now.value.on_shift
    await (this.#opening ??= this.#follow(now.value.id))
    if (this.#closed) return
    if (this.#onShift) this.locator.start()
    else if (!this.#beginning) this.locator.stop()
    if (this.realtime.state !== 'online' && this.realtime.state !== 'connecting') this.courier.lost()
  }

  /** Tries at once what would be tried again later. */
  async retry(): Promise<void> {
    this.realtime.wake()
    await this.load()
  }

  /** Begins or ends the shift. None begins without a position; `locator.lost` says why there is none. */
  async shift(on: boolean): Promise<void> {
    this.#beginning = on
    try {
      if (on && !(await this.locator.first())) return
      await this.rest.put('/v1/couriers/me/shift', { on })
      this.#onShift = on
    } finally {
      this.#beginning = false
      if (!this.#onShift) this.locator.stop()
    }
    this.courier.change((courier) => ({ ...courier, on_shift: on }))
    if (on && this.locator.fix) await this.#measured(this.locator.fix)
    await this.load()
  }

  async answer(offer: Offer, accept: boolean): Promise<void> {
    try {
      await this.rest.post(`/v1/offers/${offer.id}/${accept ? 'accept' : 'decline'}`)
    } finally {
      this.forget(offer.id)
    }
    if (accept) await this.load()
  }

  async step(delivery: Delivery, step: Step, reason?: FailReason): Promise<void> {
    await this.rest.post(`/v1/deliveries/${delivery.order_id}/steps`, { step, reason })
    await this.load()
  }

  /** An offer that is answered or over leaves the page. */
  forget(offerId: string): void {
    this.courier.change((courier) => ({
      ...courier,
      offers: courier.offers.filter((offer) => offer.id !== offerId),
    }))
  }

  async #follow(id: string): Promise<void> {
    const outbox = await FixOutbox.open(indexedDbStore(id), newTrack, (frame) => this.realtime.send(frame))
    if (this.#closed) return
    this.#outbox = outbox
    this.unsent = outbox.waiting
    this.#leave = [
      this.realtime.subscribe(`courier:${id}`, {
        snapshot: () => void this.load(),
        resumed: () => void this.load(),
        event: (event) => this.#hear(event),
        refused: (problem: Problem) => this.courier.fail(problem),
      }),
      this.realtime.onAck((ack) => {
        void outbox.acknowledged(ack).then(() => (this.unsent = outbox.waiting))
      }),
      this.realtime.onRefusal((ref, problem) => outbox.refused(ref, problem.body.retry_after_secs)),
      this.realtime.onTooLarge(() => outbox.tooLarge()),
      this.realtime.watch((state) => {
        if (state === 'online') void outbox.again()
        else if (state !== 'connecting') this.courier.lost()
      }),
    ]
  }

  #hear(event: EventFrame): void {
    switch (event.type) {
      case 'offer.expired':
      case 'offer.revoked':
        return this.forget(String(event.data['offer_id']))
      default:
        // What is offered or assigned stands in one place: the server's answer.
        void this.load()
    }
  }

  async #measured(fix: Measured): Promise<void> {
    if (!this.#onShift) return
    await this.#outbox?.add(fix)
    this.unsent = this.#outbox?.waiting ?? 0
  }
}
