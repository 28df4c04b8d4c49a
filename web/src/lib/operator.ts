/** What operators ask for, beside the figures of `operations.svelte.ts`. */

import type { History } from './api/types'

/** The counts of couriers whose members can be listed. */
export const COURIER_STATES = ['on_shift', 'on_delivery', 'free'] as const
export type CourierState = (typeof COURIER_STATES)[number]

type Samples = (number | null)[]

/** The last hour of all processes. */
export interface LastHour {
  /** Seconds since 1970. */
  at: number[]
  sockets: Samples
  deliveriesPerSec: Samples
  commandsPerSec: Samples
  lagMs: Samples
  bytes: Samples
  jobsDue: Samples
  ordersPlaced: Samples
}

const minute = (at: string) => Math.floor(Date.parse(at) / 60_000)

/**
 * Counts are added up, lags and jobs are the largest of any. A minute that no process knows is not
 * known; one that some know is theirs: the others did not live then.
 */
export function lastHour(processes: History[]): LastHour {
  const minutes = [...new Set(processes.flatMap((one) => one.at.map(minute)))].sort((a, b) => a - b)
  const merged = (of: (one: History) => Samples, merge: (values: number[]) => number): Samples =>
    minutes.map((each) => {
      const values = processes
        .map((one) => of(one)[one.at.findIndex((at) => minute(at) === each)])
        .filter((value) => value !== null && value !== undefined)
      return values.length === 0 ? null : merge(values)
    })
  const sum = (values: number[]) => values.reduce((all, value) => all + value, 0)
  const most = (values: number[]) => Math.max(...values)
  const larger = (a: Samples, b: Samples): Samples =>
    a.map((value, index) => {
      const other = b[index] ?? null
      return value === null ? other : other === null ? value : Math.max(value, other)
    })
  return {
    at: minutes.map((each) => each * 60),
    sockets: merged((one) => one.sockets, sum),
    deliveriesPerSec: merged((one) => one.deliveries_per_sec, sum),
    commandsPerSec: merged((one) => one.commands_per_sec, sum),
    lagMs: merged((one) => larger(one.event_lag_ms, one.delivery_lag_ms), most),
    bytes: merged((one) => one.resident_bytes, sum),
    jobsDue: merged((one) => one.jobs_due, most),
    ordersPlaced: merged((one) => one.orders_placed, sum),
  }
}
