import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Restaurant } from './api/types'
import type { Listener, Realtime } from './realtime'
import { atMoment, followRestaurant, onReturn, Rows, withLive } from './storefront'

const open = { id: 'a', name: '역삼 치킨', open_now: true, preparation_mins: 20 } as Restaurant
const paused = { open_now: false, closed_reason: 'paused', preparation_mins: 20 } as const

/** Rows that are in view as the test says. */
let look: (row: HTMLElement, isIntersecting: boolean) => void

class Observer {
  constructor(tell: (entries: { target: HTMLElement; isIntersecting: boolean }[]) => void) {
    look = (target, isIntersecting) => tell([{ target, isIntersecting }])
  }
  observe() {}
  unobserve() {}
  disconnect() {}
}

const rowOf = (id: string) => ({ dataset: { row: id } }) as unknown as HTMLElement

beforeEach(() => {
  vi.useFakeTimers()
  vi.stubGlobal('IntersectionObserver', Observer)
})

afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

describe('the rows of a list', () => {
  function made(isGuest = false, first = open) {
    const channels = new Map<string, Listener>()
    const realtime = {
      subscribe(channel: string, listener: Listener) {
        channels.set(channel, listener)
        return () => channels.delete(channel)
      },
    } as unknown as Realtime
    let shown = first
    const read = vi.fn(() => Promise.resolve({ ...open, name: '새 이름' }))
    const rows = new Rows(isGuest ? null : realtime, (_, of) => (shown = of(shown)), read)
    return { rows, channels, read, shown: () => shown }
  }

  it('are followed while they are in view, and not while they are scrolled past', () => {
    const { channels } = made()
    look(rowOf('a'), true)
    look(rowOf('a'), false)
    vi.advanceTimersByTime(10_000)
    expect(channels.size).toBe(0)
    look(rowOf('a'), true)
    vi.advanceTimersByTime(500)
    expect([...channels.keys()]).toEqual(['restaurant:a'])
    look(rowOf('a'), false)
    expect(channels.size).toBe(0)
  })

  it('are read for a guest when the hour comes, and not followed', async () => {
    const { channels, read, shown } = made(true, { ...open, changes_at: new Date(Date.now() + 60_000).toISOString() })
    look(rowOf('a'), true)
    await vi.advanceTimersByTimeAsync(59_000)
    expect([channels.size, read.mock.calls.length]).toEqual([0, 0])
    await vi.advanceTimersByTimeAsync(2_000)
    expect(shown().name).toBe('새 이름')
    look(rowOf('a'), false)
    await vi.advanceTimersByTimeAsync(600_000)
    expect(read).toHaveBeenCalledTimes(1)
  })

  it('are never more than forty', () => {
    const { channels } = made()
    for (let row = 0; row < 60; row++) look(rowOf(String(row)), true)
    vi.advanceTimersByTime(500)
    expect(channels.size).toBe(40)
  })

  it('say at once that a shop pauses, and what they said before when it is back', () => {
    const { channels, shown } = made()
    look(rowOf('a'), true)
    vi.advanceTimersByTime(500)
    const listener = channels.get('restaurant:a')
    listener?.event?.({ op: 'event', channel: 'restaurant:a', type: 'restaurant.paused', at: '', data: paused })
    expect(shown()).toMatchObject({ name: '역삼 치킨', open_now: false, closed_reason: 'paused' })
    listener?.snapshot?.({ open_now: true, preparation_mins: 20 })
    expect(shown()).toMatchObject({ open_now: true, closed_reason: null })
  })

  it('are read again when more changes than the hour, and when the hour comes', async () => {
    const { channels, read, shown } = made()
    look(rowOf('a'), true)
    vi.advanceTimersByTime(500)
    const listener = channels.get('restaurant:a')
    listener?.event?.({ op: 'event', channel: 'restaurant:a', type: 'restaurant.changed', at: '', data: paused })
    await vi.advanceTimersByTimeAsync(0)
    expect(shown().name).toBe('새 이름')
    listener?.snapshot?.({ open_now: true, preparation_mins: 20, changes_at: new Date(Date.now() + 60_000).toISOString() })
    await vi.advanceTimersByTimeAsync(59_000)
    expect(read).toHaveBeenCalledTimes(1)
    await vi.advanceTimersByTimeAsync(2_000)
    expect(read).toHaveBeenCalledTimes(2)
  })
})

describe('a restaurant that is followed', () => {
  function made() {
    let listener: Listener = {}
    const left = vi.fn()
    const realtime = {
      subscribe(_: string, one: Listener) {
        listener = one
        return left
      },
    } as unknown as Realtime
    const changed = vi.fn()
    const leave = followRestaurant(realtime, 'a', changed)
    const event = (data = {}) =>
      listener.event?.({ op: 'event', channel: 'restaurant:a', type: 'restaurant.sold_out', at: '', data })
    return { changed, leave, left, event, snapshot: (data = {}) => listener.snapshot?.(data) }
  }

  it('has changed once, however many events come within a second', () => {
    const { changed, event, snapshot } = made()
    snapshot()
    for (let dish = 0; dish < 5; dish++) event()
    vi.advanceTimersByTime(1_000)
    expect(changed).toHaveBeenCalledTimes(1)
    event()
    vi.advanceTimersByTime(1_000)
    expect(changed).toHaveBeenCalledTimes(2)
  })

  it('has not changed with its first state, but with each that comes after a reconnect', () => {
    const { changed, snapshot } = made()
    snapshot()
    vi.advanceTimersByTime(10_000)
    expect(changed).not.toHaveBeenCalled()
    snapshot()
    vi.advanceTimersByTime(1_000)
    expect(changed).toHaveBeenCalledTimes(1)
  })

  it('changes when the hour comes, and not after it was left', () => {
    const { changed, leave, left, event, snapshot } = made()
    snapshot({ changes_at: new Date(Date.now() + 60_000).toISOString() })
    vi.advanceTimersByTime(62_000)
    expect(changed).toHaveBeenCalledTimes(1)
    event({ changes_at: new Date(Date.now() + 60_000).toISOString() })
    leave()
    vi.advanceTimersByTime(120_000)
    expect(left).toHaveBeenCalled()
    expect(changed).toHaveBeenCalledTimes(1)
  })
})

describe('what is told of a restaurant', () => {
  it('takes the place of what was known, and leaves what is not told of', () => {
    const known = { ...open, closed_reason: 'paused', next_open_at: 'x' } as Restaurant
    expect(withLive(known, { open_now: true, preparation_mins: 35 })).toMatchObject({
      name: '역삼 치킨', open_now: true, preparation_mins: 35, closed_reason: null, next_open_at: null,
    })
  })

  it('is asked for at a moment beyond what a timer waits without asking all the time', () => {
    const again = vi.fn()
    atMoment(new Date(Date.now() + 2 ** 40).toISOString(), again)
    vi.advanceTimersByTime(10_000)
    expect(again).not.toHaveBeenCalled()
  })
})

describe('whoever comes back', () => {
  it('sees it anew, once for one return, until the page is left', () => {
    const page = Object.assign(new EventTarget(), { visibilityState: 'visible' })
    const tab = new EventTarget()
    vi.stubGlobal('document', page)
    vi.stubGlobal('addEventListener', tab.addEventListener.bind(tab))
    const again = vi.fn()
    const leave = onReturn(again)
    vi.advanceTimersByTime(60_000)
    page.visibilityState = 'hidden'
    page.dispatchEvent(new Event('visibilitychange'))
    expect(again).not.toHaveBeenCalled()
    page.visibilityState = 'visible'
    page.dispatchEvent(new Event('visibilitychange'))
    tab.dispatchEvent(new Event('focus'))
    expect(again).toHaveBeenCalledTimes(1)
    vi.advanceTimersByTime(60_000)
    tab.dispatchEvent(new Event('online'))
    expect(again).toHaveBeenCalledTimes(2)
    leave()
    vi.advanceTimersByTime(60_000)
    tab.dispatchEvent(new Event('focus'))
    expect(again).toHaveBeenCalledTimes(2)
  })
})
