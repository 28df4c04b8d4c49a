import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { ServerFrame } from './frames'
import { backoffMs, Realtime, type Socket, verdict } from './realtime'

class FakeSocket implements Socket {
  onopen: (() => void) | null = null
  onmessage: ((message: { data: unknown }) => void) | null = null
  onclose: ((event: { code: number; reason: string }) => void) | null = null
  sent: Record<string, unknown>[] = []
  closed = false
  send(text: string) {
    this.sent.push(JSON.parse(text) as Record<string, unknown>)
  }
  close() {
    this.closed = true
  }
  hears(frame: ServerFrame) {
    this.onmessage?.({ data: JSON.stringify(frame) })
  }
  last(op: string) {
    return this.sent.findLast((frame) => frame.op === op)
  }
}

const READY: ServerFrame = {
  op: 'ready',
  user_id: 'u',
  session_id: 's',
  roles: [],
  heartbeat_secs: 25,
  server_time: '2026-01-01T00:00:00Z',
}

function harness(token: (stale?: string) => Promise<string | null> = () => Promise.resolve('t1')) {
  const sockets: FakeSocket[] = []
  const asked: (string | undefined)[] = []
  const realtime = new Realtime({
    url: 'ws://test',
    token: (stale) => {
      asked.push(stale)
      return token(stale)
    },
    open: () => {
      const socket = new FakeSocket()
      sockets.push(socket)
      return socket
    },
    random: () => 0,
  })
  const socket = () => sockets.at(-1) as FakeSocket
  const settle = () => vi.advanceTimersByTimeAsync(0)
  const online = async () => {
    await settle()
    socket().onopen?.()
    socket().hears(READY)
    await settle()
  }
  return { realtime, sockets, socket, settle, online, asked }
}

function event(offset: number, type = 'order.accepted'): ServerFrame {
  return { op: 'event', channel: 'order:1', epoch: 'e', offset, type, at: '', data: {} }
}

describe('the realtime client', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('says who it is in the first frame and subscribes once it is ready', async () => {
    const { realtime, socket, settle } = harness()
    realtime.subscribe('order:1', {})
    await settle()
    socket().onopen?.()
    expect(socket().sent).toEqual([{ op: 'auth', token: 't1' }])
    socket().hears(READY)
    expect(socket().last('subscribe')).toMatchObject({ channel: 'order:1' })
    expect(socket().last('subscribe')).not.toHaveProperty('since')
  })

  it('hands out each event of a log once and in order', async () => {
    const { realtime, socket, online } = harness()
    const seen: number[] = []
    realtime.subscribe('order:1', { event: (e) => seen.push(e.offset ?? -1) })
    await online()
    socket().hears({ op: 'snapshot', channel: 'order:1', epoch: 'e', offset: 3, recovered: false, data: {} })
    for (const offset of [3, 4, 4, 5, 2]) socket().hears(event(offset))
    expect(seen).toEqual([4, 5])
  })

  it('lets a second listener join before the socket is ready, and says nothing until then', async () => {
    const { realtime, socket, settle } = harness()
    realtime.subscribe('order:1', {})
    await settle()
    // A socket that is connecting refuses to send.
    const send = vi.spyOn(socket(), 'send').mockImplementation(() => {
      throw new Error('InvalidStateError')
    })
    realtime.subscribe('order:1', {})
    send.mockRestore()
    socket().onopen?.()
    realtime.subscribe('order:1', {})
    expect(socket().sent).toEqual([{ op: 'auth', token: 't1' }])
    socket().hears(READY)
    expect(socket().sent.filter((frame) => frame.op === 'subscribe')).toHaveLength(1)
  })

  it('gives a second listener of a channel the state anew', async () => {
    const { realtime, socket, online } = harness()
    realtime.subscribe('order:1', {})
    await online()
    socket().hears({ op: 'snapshot', channel: 'order:1', epoch: 'e', offset: 3, recovered: false, data: {} })
    realtime.subscribe('order:1', {})
    expect(socket().sent.slice(-2)).toMatchObject([{ op: 'unsubscribe' }, { op: 'subscribe' }])
    expect(socket().last('subscribe')).not.toHaveProperty('since')
  })

  it('passes on events without an offset each time', async () => {
    const { realtime, socket, online } = harness()
    let typing = 0
    realtime.subscribe('chat:1', { event: () => typing++ })
    await online()
    const frame: ServerFrame = { op: 'event', channel: 'chat:1', type: 'chat.typing', at: '', data: {} }
    socket().hears(frame)
    socket().hears(frame)
    expect(typing).toBe(2)
  })

  it('goes on from the last offset after the socket broke', async () => {
    const { realtime, socket, sockets, online } = harness()
    realtime.subscribe('order:1', {})
    await online()
    socket().hears({ op: 'snapshot', channel: 'order:1', epoch: 'e', offset: 3, recovered: false, data: {} })
    const at = '2026-11-23T03:20:11Z'
    socket().hears({ op: 'latest', channel: 'order:1', at })
    socket().hears(event(4))
    socket().onclose?.({ code: 1006, reason: '' })
    expect(realtime.state).toBe('waiting')
    await vi.advanceTimersByTimeAsync(500)
    expect(sockets).toHaveLength(2)
    await online()
    expect(socket().last('subscribe')).toMatchObject({ since: { epoch: 'e', offset: 4, latest_at: at } })
  })

  it('says that a channel went on, and nothing where a snapshot follows', async () => {
    const { realtime, socket, online, settle } = harness()
    let resumed = 0
    realtime.subscribe('order:1', { resumed: () => resumed++ })
    await online()
    socket().hears({ op: 'snapshot', channel: 'order:1', epoch: 'e', offset: 3, recovered: false, data: {} })
    for (const recovered of [true, false]) {
      socket().onclose?.({ code: 1006, reason: '' })
      await vi.advanceTimersByTimeAsync(500)
      await online()
      socket().hears({ op: 'reply', ref: socket().last('subscribe')?.ref as string, ok: { recovered } })
      await settle()
    }
    expect(resumed).toBe(1)
  })

  it('takes the snapshot where the history no longer reaches', async () => {
    const { realtime, socket, online } = harness()
    const snapshots: unknown[] = []
    const seen: number[] = []
    realtime.subscribe('order:1', {
      snapshot: (data) => snapshots.push(data),
      event: (e) => seen.push(e.offset ?? -1),
    })
    await online()
    socket().hears({ op: 'snapshot', channel: 'order:1', epoch: 'e', offset: 9, recovered: false, data: 1 })
    socket().hears({ op: 'snapshot', channel: 'order:1', epoch: 'f', offset: 2, recovered: false, data: 2 })
    socket().hears({ ...event(3), epoch: 'f' } as ServerFrame)
    expect(snapshots).toEqual([1, 2])
    expect(seen).toEqual([3])
  })

  it('waits longer after each failed attempt and starts anew after a steady connection', async () => {
    const { realtime, socket, sockets, online, settle } = harness()
    realtime.start()
    await settle()
    socket().onclose?.({ code: 1006, reason: '' })
    await vi.advanceTimersByTimeAsync(250)
    expect(sockets).toHaveLength(2)
    socket().onclose?.({ code: 1006, reason: '' })
    await vi.advanceTimersByTimeAsync(499)
    expect(sockets).toHaveLength(2)
    await vi.advanceTimersByTimeAsync(1)
    expect(sockets).toHaveLength(3)
    await online()
    await vi.advanceTimersByTimeAsync(6000)
    socket().onclose?.({ code: 1006, reason: '' })
    await vi.advanceTimersByTimeAsync(250)
    expect(sockets).toHaveLength(4)
  })

  it('comes back after the delay that a goodbye names', async () => {
    const { realtime, socket, sockets, online } = harness()
    realtime.start()
    await online()
    socket().hears({ op: 'goodbye', reason: 'draining', reconnect_after_ms: 4000 })
    socket().onclose?.({ code: 1001, reason: 'going_away' })
    await vi.advanceTimersByTimeAsync(3999)
    expect(sockets).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(1)
    expect(sockets).toHaveLength(2)
  })

  it('stays away after a close that reconnecting cannot mend', async () => {
    const { realtime, socket, sockets, online } = harness()
    realtime.start()
    await online()
    socket().onclose?.({ code: 4403, reason: 'superseded' })
    await vi.advanceTimersByTimeAsync(60_000)
    expect(sockets).toHaveLength(1)
    expect(realtime.state).toBe('refused')
    expect(realtime.refusal).toBe('superseded')
  })

  it('comes back after a frame that was too large, where the next one is smaller', async () => {
    const { realtime, socket, sockets, online } = harness()
    let smaller = true
    realtime.onTooLarge(() => smaller)
    realtime.start()
    await online()
    socket().onclose?.({ code: 4405, reason: 'frame_too_large' })
    await vi.advanceTimersByTimeAsync(500)
    expect(sockets).toHaveLength(2)
    await online()
    smaller = false
    socket().onclose?.({ code: 4405, reason: 'frame_too_large' })
    await vi.advanceTimersByTimeAsync(60_000)
    expect(sockets).toHaveLength(2)
    expect(realtime.state).toBe('refused')
  })

  it('tells of frames that were refused and that nobody waits for', async () => {
    const { realtime, socket, online } = harness()
    const told: [string, number | undefined][] = []
    realtime.onRefusal((ref, problem) => told.push([ref, problem.body.retry_after_secs]))
    realtime.start()
    await online()
    const problem = { type: 'tracking.too_many_fixes', retry_after_secs: 3 }
    socket().hears({ op: 'reply', ref: 'fixes-41', problem })
    expect(told).toEqual([['fixes-41', 3]])
  })

  it('renews the token once where the server did not take it', async () => {
    const { realtime, socket, sockets, settle, asked } = harness((stale) =>
      Promise.resolve(stale ? 't2' : 't1'),
    )
    realtime.start()
    await settle()
    socket().onclose?.({ code: 4401, reason: 'unauthenticated' })
    await settle()
    socket().onopen?.()
    expect(socket().last('auth')).toEqual({ op: 'auth', token: 't2' })
    expect(asked).toEqual([undefined, 't1'])
    socket().onclose?.({ code: 4401, reason: 'unauthenticated' })
    await vi.advanceTimersByTimeAsync(60_000)
    expect(sockets).toHaveLength(2)
    expect(realtime.state).toBe('refused')
  })

  it('answers reauth with a fresh token on the same socket', async () => {
    const { realtime, socket, sockets, online, settle } = harness((stale) =>
      Promise.resolve(stale ? 't2' : 't1'),
    )
    realtime.start()
    await online()
    socket().hears({ op: 'reauth', expires_at: '' })
    await settle()
    expect(socket().last('auth')).toEqual({ op: 'auth', token: 't2' })
    expect(sockets).toHaveLength(1)
  })

  it('matches replies by their ref and turns problems into rejections', async () => {
    const { realtime, socket, online } = harness()
    realtime.start()
    await online()
    const good = realtime.request({ op: 'shift', on: true })
    const bad = realtime.request({ op: 'shift', on: false })
    const [first, second] = socket().sent.filter((frame) => frame.op === 'shift')
    socket().hears({ op: 'reply', ref: second?.ref as string, problem: { type: 'courier.busy' } })
    socket().hears({ op: 'reply', ref: first?.ref as string, ok: { on: true } })
    await expect(good).resolves.toEqual({ on: true })
    await expect(bad).rejects.toMatchObject({ type: 'courier.busy' })
  })

  it('rejects what waits for a reply when the socket breaks', async () => {
    const { realtime, socket, online } = harness()
    realtime.start()
    await online()
    const waiting = realtime.request({ op: 'shift', on: true })
    socket().onclose?.({ code: 1006, reason: '' })
    await expect(waiting).rejects.toMatchObject({ type: 'client.unreachable' })
  })

  it('takes a silent connection for a lost one', async () => {
    const { realtime, socket, sockets, online } = harness()
    realtime.start()
    await online()
    const first = socket()
    await vi.advanceTimersByTimeAsync(76_000)
    expect(first.sent.filter((frame) => frame.op === 'ping').length).toBeGreaterThan(0)
    expect(first.closed).toBe(true)
    expect(sockets.length).toBeGreaterThan(1)
  })

  it('forgets a channel that the server ended or refused', async () => {
    const { realtime, socket, online } = harness()
    const told: string[] = []
    realtime.subscribe('delivery:1', { ended: (reason) => told.push(reason) })
    realtime.subscribe('order:9', { refused: (problem) => told.push(problem.type) })
    await online()
    socket().hears({ op: 'ended', channel: 'delivery:1', reason: 'delivered' })
    const ref = socket().last('subscribe')?.ref as string
    socket().hears({ op: 'reply', ref, problem: { type: 'order.not_found' } })
    await vi.advanceTimersByTimeAsync(0)
    expect(told).toEqual(['delivered', 'order.not_found'])
    socket().onclose?.({ code: 1006, reason: '' })
    await vi.advanceTimersByTimeAsync(500)
    await online()
    expect(socket().last('subscribe')).toBeUndefined()
  })

  it('connects at once when the network comes back', async () => {
    const { realtime, socket, sockets, settle } = harness()
    realtime.start()
    await settle()
    socket().onclose?.({ code: 1006, reason: '' })
    realtime.wake()
    await settle()
    expect(sockets).toHaveLength(2)
  })

  it('keeps trying where the token could not be fetched for want of a network', async () => {
    let up = false
    const { realtime, sockets } = harness(() => (up ? Promise.resolve('t') : Promise.reject(new Error('down'))))
    realtime.start()
    await vi.advanceTimersByTimeAsync(1000)
    expect(sockets).toHaveLength(0)
    up = true
    await vi.advanceTimersByTimeAsync(2000)
    expect(sockets).toHaveLength(1)
  })
})

describe('the rule of close codes', () => {
  it.each([
    [1001, 'going_away', 'reconnect'],
    [1006, '', 'reconnect'],
    [4000, 'auth_timeout', 'reconnect'],
    [4399, 'overloaded', 'reconnect'],
    [4400, 'bad_frame', 'stop'],
    [4401, 'unauthenticated', 'renew'],
    [4999, 'x', 'stop'],
  ] as const)('%i %s → %s', (code, reason, expected) => {
    expect(verdict(code, reason)).toBe(expected)
  })

  it('never waits longer than its limit', () => {
    expect(backoffMs(0, 0)).toBe(250)
    expect(backoffMs(30, 1)).toBe(15_000)
  })
})
