import { describe, expect, it } from 'vitest'
import type { System } from './api/types'
import { allTroubles, asPoints, deliveriesPerSec, everybody, kinds, lagMs, processes, restarts, uptime, workers } from './city'
import type { MapCourier } from './frames'

function courier(courier_id: string, at: string, on_delivery = false): MapCourier {
  return { courier_id, at, lat: 37.5, lon: 127, on_delivery }
}

function entity(kind: string, crashes: number) {
  const rest = { in_flight: 1, in_flight_peak: 5, activations: 4, passivations: 1, refused: 0, conflicts: 1 }
  return { kind, active: 3, ...rest, crashes, quarantined: [{ id: '7' }] }
}

function system(node: string, at: string, deliveries: number): System {
  return {
    at,
    troubles: [{ code: 'quarantined', subject: 'order 7', detail: 'panicked' }],
    process: { node },
    entities: [entity('order', 2), entity('cart', 1)],
    workers: [{ name: 'jobs', state: 'running', restarts: 4, last_error: 'tore' }],
    hub: { deliveries, event_lag_ms: 3, delivery_lag_ms: 9 },
  } as unknown as System
}

describe('the city', () => {
  it('shows a courier who crosses a border once, where they are now', () => {
    const old = courier('b', '2026-11-23T03:20:10Z')
    const now = { ...courier('b', '2026-11-23T03:20:11Z'), lat: 37.6 }
    expect(everybody([[now], [courier('a', '2026-11-23T03:20:00Z'), old]])).toEqual([
      courier('a', '2026-11-23T03:20:00Z'),
      now,
    ])
  })

  it('draws longitude before latitude', () => {
    const [point] = asPoints([courier('a', '2026-11-23T03:20:00Z', true)]).features
    expect(point?.geometry.coordinates).toEqual([127, 37.5])
    expect(point?.properties.busy).toBe(true)
  })

  it('counts deliveries a second over all processes, but not over a restart', () => {
    const before = [system('n1', '2026-11-23T03:20:00Z', 100), system('n2', '2026-11-23T03:20:00Z', 0)]
    expect(deliveriesPerSec([], before)).toBeNull()
    const now = [system('n1', '2026-11-23T03:20:02Z', 150), system('n2', '2026-11-23T03:20:02Z', 10)]
    expect(deliveriesPerSec(before, now)).toBe(30)
    expect(deliveriesPerSec(before, [system('n3', '2026-11-23T03:20:02Z', 1)])).toBeNull()
  })

  it('counts a process once, and adds up what several did', () => {
    const both = processes([system('n1', '', 0), system('n2', '', 0), system('n1', '', 0)])
    expect(both.map((one) => one.process.node)).toEqual(['n1', 'n2'])
    expect(restarts(both)).toBe(14)
    expect(lagMs(both)).toBe(9)
    const [order] = kinds(both)
    expect([order?.kind, order?.active, order?.in_flight_peak, order?.quarantined]).toEqual(['order', 6, 5, 2])
    expect(workers(both)).toEqual([{ name: 'jobs', running: 2, of: 2, restarts: 8, lastError: 'tore' }])
  })

  it('puts the machines’ troubles before orders that nobody takes, each once', () => {
    const city = { waiting: [{ order_id: 'o1', requested_at: '2026-11-23T03:00:00Z' }] }
    const both = [system('n1', '', 0), system('n2', '', 0)]
    const codes = allTroubles(both, city as never).map((trouble) => trouble.code)
    expect(codes).toEqual(['quarantined', 'no_courier'])
    expect(allTroubles([], null)).toEqual([])
  })

  it('says how long a process lives in as many words as matter', () => {
    expect([0, 45, 60, 750, 15_120, 273_600].map(uptime)).toEqual(['0s', '45s', '1m', '12m', '4h 12m', '3d 4h'])
  })
})
