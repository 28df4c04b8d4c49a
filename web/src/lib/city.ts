/** Pure functions that turn the server's answers into what the operator's page shows. */

import type { FeatureCollection, Point } from 'geojson'
import type { CityCounts, System, Trouble } from './api/types'
import type { MapCourier } from './frames'

/** Each courier once: one who crosses a border is in two cells for a moment. */
export function everybody(cells: Iterable<MapCourier[]>): MapCourier[] {
  const newest = new Map<string, MapCourier>()
  for (const cell of cells) {
    for (const courier of cell) {
      const known = newest.get(courier.courier_id)
      if (!known || known.at < courier.at) newest.set(courier.courier_id, courier)
    }
  }
  return [...newest.values()].sort((a, b) => (a.courier_id < b.courier_id ? -1 : 1))
}

export function asPoints(couriers: MapCourier[]): FeatureCollection<Point, { id: string; busy: boolean }> {
  return {
    type: 'FeatureCollection',
    features: couriers.map((courier) => ({
      type: 'Feature',
      properties: { id: courier.courier_id, busy: courier.on_delivery },
      geometry: { type: 'Point', coordinates: [courier.lon, courier.lat] },
    })),
  }
}

/** The names of the thirteen services, by which the gateway reaches the process of each. */
export const SERVICES = [
  'auth_service',
  'gateway_service',
  'system_alert_service',
  'delivery_tracking_service',
  'customer_support_service',
  'notification_service',
  'review_service',
  'payment_service',
  'order_service',
  'cart_service',
  'menu_service',
  'restaurant_service',
  'user_service',
]

/** Each process once, though it serves several services. */
export function processes(answers: System[]): System[] {
  return [...new Map(answers.map((system) => [system.process.node, system])).values()]
}

/** Deliveries a second between two looks, of the processes that lived through both. */
export function deliveriesPerSec(before: System[], now: System[]): number | null {
  let rate: number | null = null
  for (const system of now) {
    const old = before.find((one) => one.process.node === system.process.node)
    const secs = old ? (Date.parse(system.at) - Date.parse(old.at)) / 1000 : 0
    if (old && secs > 0) rate = (rate ?? 0) + Math.max(0, system.hub.deliveries - old.hub.deliveries) / secs
  }
  return rate
}

type Kind = System['entities'][number]
type Counts = Omit<Kind, 'kind' | 'quarantined'> & { quarantined: number }

/** The kinds of entities, added up over all processes. */
export function kinds(systems: System[]): (Counts & { kind: string })[] {
  const sums = new Map<string, Counts & { kind: string }>()
  for (const of of systems.flatMap((system) => system.entities)) {
    const sum = sums.get(of.kind)
    if (!sum) {
      sums.set(of.kind, { ...of, quarantined: of.quarantined.length })
      continue
    }
    sum.active += of.active
    sum.in_flight += of.in_flight
    sum.in_flight_peak = Math.max(sum.in_flight_peak, of.in_flight_peak)
    sum.activations += of.activations
    sum.passivations += of.passivations
    sum.refused += of.refused
    sum.crashes += of.crashes
    sum.conflicts += of.conflicts
    sum.quarantined += of.quarantined.length
  }
  return [...sums.values()]
}

export interface WorkerSum {
  name: string
  running: number
  of: number
  restarts: number
  lastError: string | null
}

/** The background workers, added up over all processes. */
export function workers(systems: System[]): WorkerSum[] {
  const sums = new Map<string, WorkerSum>()
  for (const worker of systems.flatMap((system) => system.workers)) {
    const sum = sums.get(worker.name) ?? { name: worker.name, running: 0, of: 0, restarts: 0, lastError: null }
    sums.set(worker.name, {
      ...sum,
      running: sum.running + (worker.state === 'running' ? 1 : 0),
      of: sum.of + 1,
      restarts: sum.restarts + worker.restarts,
      lastError: worker.last_error ?? sum.lastError,
    })
  }
  return [...sums.values()]
}

/** How often something was started again: crashed entities and failed workers. */
export function restarts(systems: System[]): number {
  const crashes = kinds(systems).reduce((sum, kind) => sum + kind.crashes, 0)
  return workers(systems).reduce((sum, worker) => sum + worker.restarts, crashes)
}

export function conflicts(systems: System[]): number {
  return kinds(systems).reduce((sum, kind) => sum + kind.conflicts, 0)
}

/** The longest lag anywhere, milliseconds. */
export function lagMs(systems: System[]): number {
  return Math.max(0, ...systems.flatMap(({ hub }) => [hub.event_lag_ms, hub.delivery_lag_ms]))
}

/** What needs somebody to look: the machines' troubles, then orders that nobody takes. */
export function allTroubles(systems: System[], city: CityCounts | null): Trouble[] {
  const waiting = (city?.waiting ?? []).map((one) => ({
    code: 'no_courier',
    subject: one.order_id,
    detail: one.requested_at,
  }))
  const found = systems.flatMap((system) => system.troubles)
  // All processes see the same jobs and the same database: once is enough.
  const once = new Map([...found, ...waiting].map((trouble) => [`${trouble.code} ${trouble.subject}`, trouble]))
  return [...once.values()]
}

/** `3d 4h`, `4h 12m`, `12m`, `45s`: as many words as matter. */
export function uptime(secs: number): string {
  const parts: [number, string][] = [
    [Math.floor(secs / 86_400), 'd'],
    [Math.floor(secs / 3_600) % 24, 'h'],
    [Math.floor(secs / 60) % 60, 'm'],
    [Math.floor(secs) % 60, 's'],
  ]
  const first = parts.findIndex(([number]) => number > 0)
  if (first < 0) return '0s'
  return parts
    .slice(first, first === 3 ? 4 : Math.min(first + 2, 3))
    .filter(([number]) => number > 0)
    .map(([number, unit]) => `${number}${unit}`)
    .join(' ')
}
