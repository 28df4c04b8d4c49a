/**
 * Movement between two reported positions.
 *
 * Positions arrive about once a second; a marker that jumps looks broken. The
 * glide takes as long as the reports lie apart, so the marker is one report late
 * and never stands still while the courier rides. It starts at the point that is
 * shown, not at the last report: a late or early report never makes it jump back.
 */

import type { LatLon } from './api/types'

/** Shortest and longest glide, in milliseconds. */
const GLIDE_MS = { shortest: 200, longest: 4_000 }
/** Beyond this distance, in metres, the marker is set instead of moved. */
const JUMP_M = 1_500

const EARTH_M = 6_371_008.8

/** Great-circle distance in metres (haversine). */
export function distanceM(a: LatLon, b: LatLon): number {
  const rad = Math.PI / 180
  const dLat = (b.lat - a.lat) * rad
  const dLon = (b.lon - a.lon) * rad
  const h = Math.sin(dLat / 2) ** 2 + Math.cos(a.lat * rad) * Math.cos(b.lat * rad) * Math.sin(dLon / 2) ** 2
  return 2 * EARTH_M * Math.asin(Math.min(1, Math.sqrt(h)))
}

export class Glide {
  #from: LatLon
  #to: LatLon
  #startMs: number
  #durationMs = 0

  constructor(at: LatLon, nowMs: number) {
    this.#from = this.#to = at
    this.#startMs = nowMs
  }

  /** A new report, received at `nowMs`. */
  moveTo(to: LatLon, nowMs: number): void {
    const here = this.at(nowMs)
    const sinceLastMs = nowMs - this.#startMs
    this.#from = distanceM(here, to) > JUMP_M ? to : here
    this.#to = to
    this.#durationMs = Math.min(Math.max(sinceLastMs, GLIDE_MS.shortest), GLIDE_MS.longest)
    this.#startMs = nowMs
  }

  /** Where the marker is at `nowMs`. */
  at(nowMs: number): LatLon {
    if (this.done(nowMs)) return this.#to
    const part = Math.max(0, (nowMs - this.#startMs) / this.#durationMs)
    return {
      lat: this.#from.lat + (this.#to.lat - this.#from.lat) * part,
      lon: this.#from.lon + (this.#to.lon - this.#from.lon) * part,
    }
  }

  done(nowMs: number): boolean {
    return nowMs - this.#startMs >= this.#durationMs
  }
}
