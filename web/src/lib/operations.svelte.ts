/**
 * What the operator sees: couriers by the map channels, figures by asking.
 *
 * 1. Each cell of the city is a subscription; a cell's couriers are replaced whole.
 * 2. No request is sent while nobody looks, and at most one round of requests runs at a time.
 * 3. What nobody answered lately is not known: neither that all is well nor that it is not.
 */

import type { CityCounts, System } from './api/types'
import { deliveriesPerSec, everybody, processes, SERVICES } from './city'
import type { MapCourier } from './frames'
import { Problem } from './problem'
import type { Realtime } from './realtime'
import type { Rest } from './rest'

/** How often the figures are asked for, in milliseconds. */
const ASK_MS = 2_000
/** An answer older than this counts as outdated, even if no request has failed yet. */
const LATE_MS = 3 * ASK_MS

export class Operations {
  couriers = $state.raw<MapCourier[]>([])
  systems = $state.raw<System[]>([])
  city = $state.raw<CityCounts | null>(null)
  perSec = $state<number | null>(null)
  /** Services whose process did not answer. */
  silent = $state.raw<string[]>([])
  problem = $state<Problem | null>(null)
  /** When the figures were answered the last time. */
  answeredAt = $state<number | null>(null)
  #late = $state(false)
  #cells = new Map<string, MapCourier[]>()
  #leave: (() => void)[] = []
  #asking = false
  #drawn = 0

  constructor(
    private readonly rest: Rest,
    private readonly realtime: Realtime,
  ) {}

  /** Whether the figures are current. */
  get known(): boolean {
    return this.answeredAt !== null && !this.problem && !this.#late
  }

  open(): void {
    const seen = () => {
      this.#late = this.answeredAt !== null && Date.now() - this.answeredAt > LATE_MS
      void this.ask()
    }
    const timer = setInterval(seen, ASK_MS)
    document.addEventListener('visibilitychange', seen)
    this.#leave.push(
      () => clearInterval(timer),
      () => document.removeEventListener('visibilitychange', seen),
    )
    void this.ask()
  }

  close(): void {
    for (const each of this.#leave) each()
    this.#leave = []
    cancelAnimationFrame(this.#drawn)
  }

  async ask(): Promise<void> {
    if (this.#asking || document.visibilityState === 'hidden') return
    this.#asking = true
    try {
      const [systems, city] = await Promise.all([
        this.#processes(),
        this.rest.get<CityCounts>('/v1/system/city'),
      ])
      this.perSec = deliveriesPerSec(this.systems, systems)
      this.systems = systems
      this.city = city
      this.problem = null
      this.answeredAt = Date.now()
      this.#late = false
      this.#follow(city.cells)
    } catch (thrown) {
      this.problem = Problem.from(thrown)
    } finally {
      this.#asking = false
    }
  }

  /** The gateway's process first; then the processes of what it does not serve itself. */
  async #processes(): Promise<System[]> {
    const own = await this.rest.get<System>('/v1/system/actors')
    const elsewhere = SERVICES.filter((service) => !own.process.services.includes(service))
    const asked = elsewhere.map((service) => this.rest.get<System>(`/${service}/v1/system/actors`))
    const answers = await Promise.allSettled(asked)
    this.silent = elsewhere.filter((_, index) => answers[index]?.status === 'rejected')
    return processes([own, ...answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []))])
  }

  #follow(cells: string[]): void {
    for (const cell of cells) {
      const channel = `map:${cell}`
      if (this.#cells.has(channel)) continue
      this.#cells.set(channel, [])
      this.#leave.push(
        this.realtime.subscribe(channel, {
          snapshot: (data) => this.#show(channel, (data as { couriers: MapCourier[] }).couriers),
          latest: (latest) => this.#show(channel, latest.couriers ?? []),
          refused: (problem) => (this.problem = problem),
        }),
      )
    }
  }

  /** All cells tell within the same moment: they are drawn together. */
  #show(channel: string, couriers: MapCourier[]): void {
    this.#cells.set(channel, couriers)
    cancelAnimationFrame(this.#drawn)
    this.#drawn = requestAnimationFrame(() => (this.couriers = everybody(this.#cells.values())))
  }
}
