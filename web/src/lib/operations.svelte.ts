/**
 * What the operators' pages share: couriers by the map channels, figures by asking.
 *
 * 1. Each cell of the city is a subscription; a cell's couriers are replaced whole.
 * 2. No request is sent while nobody looks, and at most one round of requests runs at a time.
 * 3. What nobody answered lately is not known: neither that all is well nor that it is not.
 */

import { getContext, setContext } from 'svelte'
import type { CityCounts, History, Hit, System } from './api/types'
import { allTroubles, deliveriesPerSec, everybody, processes, SERVICES } from './city'
import type { MapCourier } from './frames'
import { known, Resource } from './loaded.svelte'
import { type LastHour, lastHour } from './operator'
import { Problem } from './problem'
import type { Realtime } from './realtime'
import type { Rest } from './rest'

/** How often the figures are asked for, in milliseconds. */
const ASK_MS = 2_000
/** An answer older than this counts as outdated, even if no request has failed yet. */
const LATE_MS = 3 * ASK_MS
/** Of the last hour there is one sample a minute. */
const HISTORY_MS = 60_000

export interface Figures {
  systems: System[]
  city: CityCounts
  /** Deliveries a second between the last two answers. */
  perSec: number | null
  /** Services whose process did not answer. */
  silent: string[]
}

export class Operations {
  readonly figures = new Resource<Figures>(() => false)
  readonly couriers = new Resource<MapCourier[]>()
  readonly hour = new Resource<LastHour>((hour) => hour.at.length === 0)
  readonly hits = new Resource<Hit[]>()
  /** What was searched for, and is still there when its page is. */
  query = $state('')
  /** The courier that the map is about. */
  chosen = $state<string | null>(null)
  #cells = new Map<string, MapCourier[] | null>()
  #pages = 0
  #timers: ReturnType<typeof setInterval>[] = []
  #asking = false
  #drawn = 0

  constructor(
    private readonly rest: Rest,
    private readonly realtime: Realtime,
  ) {}

  /** What needs somebody to look, as far as is known. */
  get troubles() {
    const figures = known(this.figures.now)
    if (!figures) return []
    const silent = figures.silent.map((service) => ({ code: 'silent', subject: service, detail: '' }))
    return [...silent, ...allTroubles(figures.systems, figures.city)]
  }

  /** Asks once, for a page that shows counts beside something else. */
  glance(): void {
    const { now } = this.figures
    if (this.#pages === 0 && (now.state !== 'ready' || Date.now() - now.at > LATE_MS)) void this.ask()
  }

  /** A page that shows figures as they change is there; what is returned is called when it goes. */
  open(): () => void {
    if (this.#pages++ === 0) {
      const { now } = this.figures
      if (now.state === 'ready' && Date.now() - now.at > LATE_MS) this.figures.lost()
      this.#timers = [setInterval(this.#look, ASK_MS), setInterval(() => void this.#askHour(), HISTORY_MS)]
      document.addEventListener('visibilitychange', this.#look)
      void this.ask()
      void this.#askHour()
    }
    return () => {
      if (--this.#pages > 0) return
      for (const timer of this.#timers) clearInterval(timer)
      document.removeEventListener('visibilitychange', this.#look)
    }
  }

  #look = (): void => {
    const { now } = this.figures
    if (now.state === 'ready' && Date.now() - now.at > LATE_MS) this.figures.lost()
    void this.ask()
  }

  async ask(): Promise<void> {
    if (this.#asking || document.visibilityState === 'hidden') return
    this.#asking = true
    await this.figures.load(async () => {
      const [{ systems, silent }, city] = await Promise.all([
        this.#everywhere<System>('/v1/system/actors'),
        this.rest.get<CityCounts>('/v1/system/city'),
      ])
      const before = known(this.figures.now)?.systems ?? []
      const all = processes(systems)
      this.#follow(city.cells)
      return { systems: all, city, perSec: deliveriesPerSec(before, all), silent }
    })
    this.#asking = false
  }

  async #askHour(): Promise<void> {
    if (document.visibilityState === 'hidden') return
    await this.hour.load(async () => {
      const own = await this.rest.get<History>('/v1/system/history')
      const there = known(this.figures.now)?.systems ?? []
      const elsewhere = there.filter((system) => system.process.node !== own.node)
      const asked = elsewhere.map((system) => this.rest.get<History>(`/${system.process.services[0]}/v1/system/history`))
      const answers = await Promise.allSettled(asked)
      return lastHour([own, ...answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []))])
    })
  }

  /** Asks the gateway's process first; then the processes of what it does not serve itself. */
  async #everywhere<T extends System>(path: string): Promise<{ systems: T[]; silent: string[] }> {
    const own = await this.rest.get<T>(path)
    const elsewhere = SERVICES.filter((service) => !own.process.services.includes(service))
    const answers = await Promise.allSettled(elsewhere.map((service) => this.rest.get<T>(`/${service}${path}`)))
    return {
      systems: [own, ...answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []))],
      silent: elsewhere.filter((_, index) => answers[index]?.status === 'rejected'),
    }
  }

  search(): Promise<void> {
    const q = this.query.trim()
    return this.hits.load(async () => (await this.rest.get<{ items: Hit[] }>('/v1/system/search', { q })).items)
  }

  #follow(cells: string[]): void {
    for (const cell of cells) {
      const channel = `map:${cell}`
      if (this.#cells.has(channel)) continue
      this.#cells.set(channel, null)
      // For as long as the app is open: the pages change, the city does not.
      this.realtime.subscribe(channel, {
        snapshot: (data) => this.#show(channel, (data as { couriers: MapCourier[] }).couriers),
        latest: (latest) => this.#show(channel, latest.couriers ?? []),
        refused: (problem) => this.couriers.fail(Problem.from(problem)),
      })
    }
  }

  /** All cells tell within the same moment: they are drawn together. */
  #show(channel: string, couriers: MapCourier[]): void {
    this.#cells.set(channel, couriers)
    cancelAnimationFrame(this.#drawn)
    this.#drawn = requestAnimationFrame(() => {
      const told = [...this.#cells.values()].filter((cell) => cell !== null)
      const all = everybody(told)
      // Nobody is there only when every cell has said so.
      if (all.length > 0 || told.length === this.#cells.size) this.couriers.set(all)
    })
  }
}

const KEY = Symbol('operations')

export function provideOperations(operations: Operations): void {
  setContext(KEY, operations)
}

export function useOperations(): Operations {
  return getContext<Operations>(KEY)
}
