/**
 * The device's position while it is wanted, and, where none comes, why and since when.
 *
 * Browsers say that a position was refused; that measuring stopped they often do not say. So a
 * device that measured nothing for a while is asked, and then taken for lost.
 */

import type { Fix } from './frames'

export type Measured = Omit<Fix, 'seq'>

/** `unanswered`: the browser's question was closed, or is still open. */
export type Why = 'denied' | 'unanswered' | 'unavailable' | 'unsupported'

export interface Lost {
  why: Why
  since: number
}

/** A device that lies still measures nothing new, but the dispatcher still needs its position. */
const STILL_MS = 20_000
/** So long without any position, and it counts as lost. */
const LOST_MS = 60_000
/** How long the first position may take, the browser's question included. */
const FIRST_MS = 30_000
const LOOK_MS = 5_000

const DENIED = 1
const TIMEOUT = 3

export class Locator {
  /** What the browser was told; `null` where it does not say. */
  permission = $state<PermissionState | null>(null)
  fix = $state.raw<Measured | null>(null)
  lost = $state.raw<Lost | null>(null)
  #watch: number | null = null
  #look: ReturnType<typeof setInterval> | undefined
  #heardAt = 0
  #askedAt = 0
  #waiting = new Set<(there: boolean) => void>()
  #forget: (() => void) | undefined

  constructor(private readonly measured: (fix: Measured) => void) {}

  /** Learns what the browser was told about positions, now and later. */
  async open(): Promise<void> {
    const status = await navigator.permissions?.query({ name: 'geolocation' }).catch(() => null)
    if (!status) return
    const take = () => {
      this.permission = status.state
      if (status.state === 'denied') this.#lose('denied')
      else if (this.lost?.why === 'denied' || this.lost?.why === 'unanswered') {
        this.lost = null
        // The watch that was refused does not come back by itself.
        if (this.#watch !== null) this.#begin()
      }
    }
    take()
    status.addEventListener('change', take)
    this.#forget = () => status.removeEventListener('change', take)
  }

  close(): void {
    this.#forget?.()
    this.stop()
  }

  /** Measures until `stop`. */
  start(): void {
    if (this.#watch === null) this.#begin()
  }

  stop(): void {
    // Why the last attempt failed stays in view until the next one.
    if (this.#watch === null) return
    this.#end()
    this.fix = null
    if (this.permission !== 'denied') this.lost = null
  }

  /** Measures, and says whether a position came; where none did, `lost` says why, and nothing is measured. */
  async first(): Promise<boolean> {
    this.lost = null
    this.#begin()
    const there = await new Promise<boolean>((resolve) => {
      const late = setTimeout(() => this.#lose(this.permission === 'prompt' ? 'unanswered' : 'unavailable'), FIRST_MS)
      const settle = (known: boolean) => {
        clearTimeout(late)
        this.#waiting.delete(settle)
        resolve(known)
      }
      this.#waiting.add(settle)
      if (this.lost) settle(false)
    })
    if (!there) this.#end()
    return there
  }

  #begin(): void {
    this.#end()
    if (!('geolocation' in navigator) || !isSecureContext) return this.#lose('unsupported')
    this.#heardAt = this.#askedAt = Date.now()
    const options = { enableHighAccuracy: true, maximumAge: 0 }
    const measured = (position: GeolocationPosition) => this.#measured(position)
    const failed = (error: GeolocationPositionError) => void this.#failed(error)
    this.#watch = navigator.geolocation.watchPosition(measured, failed, options)
    this.#look = setInterval(() => {
      const now = Date.now()
      if (now - this.#heardAt >= LOST_MS) this.#lose('unavailable')
      if (now - this.#heardAt < STILL_MS || now - this.#askedAt < STILL_MS / 2) return
      this.#askedAt = now
      navigator.geolocation.getCurrentPosition(measured, failed, { ...options, timeout: STILL_MS / 2 })
    }, LOOK_MS)
  }

  #end(): void {
    if (this.#watch !== null) navigator.geolocation.clearWatch(this.#watch)
    this.#watch = null
    clearInterval(this.#look)
  }

  #measured({ coords, timestamp }: GeolocationPosition): void {
    if (this.#watch === null) return
    const fix: Measured = {
      at: new Date(timestamp).toISOString(),
      lat: coords.latitude,
      lon: coords.longitude,
      accuracy_m: coords.accuracy,
    }
    if (coords.speed !== null && coords.speed >= 0) fix.speed_mps = coords.speed
    if (coords.heading !== null && !Number.isNaN(coords.heading)) fix.heading_deg = coords.heading
    this.fix = fix
    this.#heardAt = Date.now()
    this.lost = null
    for (const settle of [...this.#waiting]) settle(true)
    this.measured(fix)
  }

  async #failed(error: GeolocationPositionError): Promise<void> {
    if (error.code === TIMEOUT) return
    if (error.code !== DENIED) return this.#lose('unavailable')
    // A question that was closed without an answer is refused too, and may be asked again.
    const status = await navigator.permissions?.query({ name: 'geolocation' }).catch(() => null)
    this.#lose(status?.state === 'prompt' ? 'unanswered' : 'denied')
  }

  #lose(why: Why): void {
    if (this.lost?.why !== why) this.lost = { why, since: this.lost?.since ?? (this.fix ? this.#heardAt : Date.now()) }
    for (const settle of [...this.#waiting]) settle(false)
  }
}
