/** A courier at work: shift, offers, deliveries, and the phone's position on its way to the server. */

import type { Courier, Delivery, FailReason, Offer, Step } from './api/types'
import { FixOutbox, indexedDbStore, newTrack } from './fixes'
import type { EventFrame, Fix } from './frames'
import { Problem } from './problem'
import type { Realtime } from './realtime'
import type { Rest } from './rest'

/** A phone that lies still measures nothing new, but the dispatcher still needs its position. */
const STILL_EVERY_MS = 20_000

export class Duty {
  courier = $state<Courier | null>(null)
  fix = $state.raw<Omit<Fix, 'seq'> | null>(null)
  unsent = $state(0)
  problem = $state<Problem | null>(null)
  #outbox: FixOutbox | null = null
  #watch: number | null = null
  #still: ReturnType<typeof setInterval> | undefined
  #leave: (() => void)[] = []

  constructor(
    private readonly rest: Rest,
    private readonly realtime: Realtime,
  ) {}

  async open(): Promise<void> {
    await this.load()
    const courier = this.courier
    if (!courier) return
    this.#outbox = await FixOutbox.open(indexedDbStore(courier.id), newTrack, (frame) => this.realtime.send(frame))
    this.unsent = this.#outbox.waiting
    this.#leave = [
      this.realtime.subscribe(`courier:${courier.id}`, {
        snapshot: () => void this.load(),
        event: (event) => this.#hear(event),
        refused: (problem) => (this.problem = problem),
      }),
      this.realtime.onAck((ack) => {
        void this.#outbox?.acknowledged(ack).then(() => (this.unsent = this.#outbox?.waiting ?? 0))
      }),
      this.realtime.onRefusal((ref, problem) => this.#outbox?.refused(ref, problem.body.retry_after_secs)),
      this.realtime.onTooLarge(() => this.#outbox?.tooLarge() ?? false),
      this.realtime.watch((state) => {
        if (state === 'online') void this.#outbox?.again()
      }),
    ]
    if (courier.on_shift) this.#startWatching()
  }

  close(): void {
    this.#stopWatching()
    for (const leave of this.#leave) leave()
    this.#outbox?.close()
  }

  async load(): Promise<void> {
    try {
      this.courier = await this.rest.get<Courier>('/v1/couriers/me')
      this.problem = null
    } catch (thrown) {
      this.problem = Problem.from(thrown)
    }
  }

  async shift(on: boolean): Promise<void> {
    await this.rest.put('/v1/couriers/me/shift', { on })
    if (this.courier) this.courier.on_shift = on
    if (on) this.#startWatching()
    else this.#stopWatching()
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
    if (this.courier) this.courier.offers = this.courier.offers.filter((offer) => offer.id !== offerId)
  }

  #hear(event: EventFrame): void {
    const courier = this.courier
    if (!courier) return
    switch (event.type) {
      case 'offer.expired':
      case 'offer.revoked':
        return this.forget(String(event.data['offer_id']))
      default:
        // What is offered or assigned stands in one place: the server's answer.
        void this.load()
    }
  }

  #startWatching(): void {
    if (this.#watch !== null || !('geolocation' in navigator)) return
    const measured = (position: GeolocationPosition) => void this.#measured(position)
    const failed = () => (this.problem = new Problem({ type: 'client.geolocation' }))
    const options = { enableHighAccuracy: true, maximumAge: 0 }
    this.#watch = navigator.geolocation.watchPosition(measured, failed, options)
    this.#still = setInterval(() => {
      const silentMs = Date.now() - new Date(this.fix?.at ?? 0).getTime()
      if (silentMs >= STILL_EVERY_MS) navigator.geolocation.getCurrentPosition(measured, failed, options)
    }, STILL_EVERY_MS / 2)
  }

  #stopWatching(): void {
    if (this.#watch !== null) navigator.geolocation.clearWatch(this.#watch)
    this.#watch = null
    clearInterval(this.#still)
    this.fix = null
  }

  async #measured({ coords, timestamp }: GeolocationPosition): Promise<void> {
    const fix: Omit<Fix, 'seq'> = {
      at: new Date(timestamp).toISOString(),
      lat: coords.latitude,
      lon: coords.longitude,
      accuracy_m: coords.accuracy,
    }
    if (coords.speed !== null && coords.speed >= 0) fix.speed_mps = coords.speed
    if (coords.heading !== null && !Number.isNaN(coords.heading)) fix.heading_deg = coords.heading
    this.fix = fix
    if (this.problem?.type === 'client.geolocation') this.problem = null
    await this.#outbox?.add(fix)
    this.unsent = this.#outbox?.waiting ?? 0
  }
}
