import { describe, expect, it } from 'vitest'
import { known } from './loaded.svelte'
import type { Listener, Realtime } from './realtime'
import type { Rest } from './rest'
import { momentOf, Tracking } from './tracking.svelte'

/** An order under way, with a fake server. */
async function onTheRoad(collected = false, history: object[] = []) {
  const listeners = new Map<string, Listener>()
  const realtime = {
    subscribe: (channel: string, listener: Listener) => {
      listeners.set(channel, listener)
      return () => listeners.delete(channel)
    },
  } as unknown as Realtime
  const order = { id: '1', version: 1, status: 'picked_up', drop_off: { road_address: '', detail: '' } }
  const rest = {
    get: (path: string) => Promise.resolve(path.includes('history') ? { items: history } : order),
  } as unknown as Rest
  const tracking = new Tracking(rest, realtime, '1')
  if (collected) Object.assign(order, { drop_off: null })
  await tracking.load()
  const delivery = listeners.get('delivery:1')
  if (collected) expect([...listeners.keys()]).toEqual([])
  if (!delivery && !collected) throw new Error('nobody listens to the delivery')
  return {
    tracking,
    latest: (at: string, lat: number, stale = false) => {
      const eta = { arrive_at: '2026-11-23T03:32:00Z', stale }
      delivery?.latest?.({ op: 'latest', channel: 'delivery:1', at, position: { lat, lon: 127 }, eta })
    },
    snapshot: (position?: { at: string; lat: number; lon: number }) =>
      delivery?.snapshot?.({ status: 'picked_up', position }),
    event: (offset: number, type: string, at: string) =>
      delivery?.event?.({ op: 'event', channel: 'delivery:1', offset, type, at, data: {} }),
  }
}

describe('an order on the road', () => {
  it('asks for no delivery of an order that is collected', async () => {
    const { tracking } = await onTheRoad(true)
    expect(known(tracking.order.now)?.status).toBe('picked_up')
  })

  it('shows no position of a snapshot that is older than the one on the map', async () => {
    const { tracking, latest, snapshot } = await onTheRoad()
    latest('2026-11-23T03:20:11.250Z', 37.5)
    snapshot({ at: '2026-11-23T03:20:11Z', lat: 37.4, lon: 127 })
    expect(tracking.position?.lat).toBe(37.5)
    snapshot({ at: '2026-11-23T03:20:12Z', lat: 37.6, lon: 127 })
    expect(tracking.position?.lat).toBe(37.6)
  })

  it('says that a courier fell silent, and that they are heard of again', async () => {
    const { tracking, latest } = await onTheRoad()
    latest('2026-11-23T03:20:11Z', 37.5)
    latest('2026-11-23T03:20:11Z', 37.5, true)
    expect([tracking.eta?.stale, tracking.seenAt]).toEqual([true, '2026-11-23T03:20:11Z'])
    latest('2026-11-23T03:24:00Z', 37.6)
    latest('2026-11-23T03:20:11Z', 37.5, true)
    expect([tracking.eta?.stale, tracking.seenAt]).toEqual([false, '2026-11-23T03:24:00Z'])
  })

  it('keeps the delivery in its timeline over a reload, and tells nothing twice', async () => {
    const item = (channel: string, version: number, type: string, at: string) => ({ channel, version, type, at, data: {} })
    const history = [
      item('order:1', 3, 'order.ready', '2026-11-23T03:18:00Z'),
      item('delivery:1', 3, 'delivery.at_restaurant', '2026-11-23T03:19:00Z'),
    ]
    const { tracking, event } = await onTheRoad(false, history)
    event(3, 'delivery.at_restaurant', '2026-11-23T03:19:00Z')
    event(4, 'delivery.near', '2026-11-23T03:30:00Z')
    expect(tracking.moments.map((moment) => moment.type)).toEqual(['order.ready', 'delivery.at_restaurant', 'delivery.near'])
  })

  it('shows none where there is none', async () => {
    const { tracking, latest, snapshot } = await onTheRoad()
    latest('2026-11-23T03:20:11Z', 37.5)
    snapshot()
    expect(tracking.position).toBeNull()
    snapshot({ at: '2026-11-23T03:20:10Z', lat: 37.4, lon: 127 })
    expect(tracking.position?.lat).toBe(37.4)
  })

  it('tells steps of order and delivery with one number apart', () => {
    const step = { version: 3, type: 'order.accepted', at: '2026-11-23T03:00:00Z' }
    const keys = ['order:1', 'delivery:1'].map((channel) => momentOf({ ...step, channel }).key)
    expect(new Set(keys).size).toBe(2)
  })
})
