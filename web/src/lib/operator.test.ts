import { describe, expect, it } from 'vitest'
import type { History } from './api/types'
import { lastHour } from './operator'

const NONE = [null, null, null]

function process(node: string, first: string, of: Partial<History>): History {
  const start = Date.parse(first)
  const at = [0, 1, 2].map((minute) => new Date(start + minute * 60_000).toISOString())
  const rest = { commands_per_sec: NONE, event_lag_ms: NONE, delivery_lag_ms: NONE, resident_bytes: NONE, jobs_due: NONE, orders_placed: NONE }
  return { node, services: [], at, sockets: NONE, deliveries_per_sec: NONE, ...rest, ...of }
}

describe('the last hour', () => {
  it('adds up what processes count, minute by minute', () => {
    const a = process('a', '2026-11-26T03:00:00Z', { sockets: [1, 2, 3], jobs_due: [4, 4, 4] })
    const b = process('b', '2026-11-26T03:01:00Z', { sockets: [10, null, 30], jobs_due: [5, 4, 4] })
    const all = lastHour([a, b])
    expect(all.at.map((at) => new Date(at * 1000).getUTCMinutes())).toEqual([0, 1, 2, 3])
    expect(all.sockets).toEqual([1, 12, 3, 30])
    expect(all.jobsDue).toEqual([4, 5, 4, 4])
  })

  it('leaves a gap where nobody knows', () => {
    const one = process('a', '2026-11-26T03:00:00Z', { event_lag_ms: [null, 7, 1], delivery_lag_ms: [null, 3, 9] })
    expect(lastHour([one]).lagMs).toEqual([null, 7, 9])
    expect(lastHour([one]).sockets).toEqual(NONE)
    expect(lastHour([]).at).toEqual([])
  })
})
