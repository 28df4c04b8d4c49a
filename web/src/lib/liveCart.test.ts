import { describe, expect, it, vi } from 'vitest'
import type { Cart } from './api/types'
import { LiveCart } from './liveCart.svelte'
import { known } from './loaded.svelte'
import { Problem } from './problem'
import type { Listener, Realtime } from './realtime'
import type { Rest } from './rest'

const cartOf = (version: number, dishes = 1) =>
  ({ version, lines: Array.from({ length: dishes }, (_, id) => ({ id: String(id), quantity: 1 })) }) as unknown as Cart

/** A promise that the test settles. */
function later<T>() {
  let settle!: { resolve: (value: T) => void; reject: (problem: unknown) => void }
  const promise = new Promise<T>((resolve, reject) => (settle = { resolve, reject }))
  return { promise, ...settle }
}

const settled = () => new Promise((done) => setTimeout(done))

/** A cart that is followed and was read in this version. */
async function followed(version = 1) {
  const get = vi.fn<() => Promise<Cart>>(() => Promise.resolve(cartOf(version)))
  const cart = new LiveCart({ get } as unknown as Rest)
  const channels = new Map<string, Listener>()
  const realtime = {
    subscribe(channel: string, listener: Listener) {
      channels.set(channel, listener)
      return () => channels.delete(channel)
    },
  } as unknown as Realtime
  const leave = cart.follow(realtime, 'u')
  await cart.read()
  get.mockClear()
  const listener = channels.get('cart:u')
  return {
    cart,
    get,
    channels,
    leave,
    shown: () => known(cart.now)?.version,
    snapshot: (version: number) => listener?.snapshot?.({ version }),
    resumed: () => listener?.resumed?.(),
    event: (version: number) =>
      listener?.event?.({ op: 'event', channel: 'cart:u', offset: version, type: 'cart.changed', at: '', data: { version } }),
  }
}

describe('a cart on several devices', () => {
  it('is read again when another device has changed it, and not when it is known already', async () => {
    const { get, shown, snapshot, event } = await followed(3)
    snapshot(3)
    event(2)
    expect(get).not.toHaveBeenCalled()
    get.mockResolvedValue(cartOf(4))
    event(4)
    await settled()
    expect([shown(), get.mock.calls.length]).toEqual([4, 1])
  })

  it('is read once more, however many versions are told during a read', async () => {
    const { get, shown, event } = await followed(1)
    const first = later<Cart>()
    get.mockReturnValueOnce(first.promise).mockResolvedValue(cartOf(5))
    for (const version of [2, 3, 4, 5]) event(version)
    first.resolve(cartOf(2))
    await settled()
    expect([shown(), get.mock.calls.length]).toEqual([5, 2])
  })

  it('is not read for the own change, whether its answer or its event comes first', async () => {
    const { cart, get, shown, event } = await followed(1)
    const answer = later<Cart>()
    const change = cart.command(() => answer.promise)
    event(2)
    answer.resolve(cartOf(2))
    await change
    await cart.command(() => Promise.resolve(cartOf(3)))
    event(3)
    await settled()
    expect([shown(), get.mock.calls.length]).toEqual([3, 0])
  })

  it('is read after the own change, if another device changed it at the same time', async () => {
    const { cart, get, shown, event } = await followed(1)
    const answer = later<Cart>()
    const change = cart.command(() => answer.promise)
    event(2)
    event(3)
    get.mockResolvedValue(cartOf(3))
    answer.resolve(cartOf(2))
    await change
    await settled()
    expect([shown(), get.mock.calls.length]).toEqual([3, 1])
  })

  it('is read once after a change that answers no cart', async () => {
    const { cart, get, event } = await followed(1)
    get.mockResolvedValue(cartOf(2, 0))
    await cart.command(async () => event(2))
    await settled()
    expect([cart.now.state, get.mock.calls.length]).toEqual(['empty', 1])
  })

  it('is read where the change was meant for an older one, and the refusal is passed on', async () => {
    const { cart, get, shown } = await followed(1)
    get.mockResolvedValue(cartOf(2))
    const stale = new Problem({ type: 'precondition_failed', status: 412 })
    await expect(cart.command(() => Promise.reject(stale))).rejects.toBe(stale)
    expect(shown()).toBe(2)
  })

  it('shows no answer that a newer version has overtaken', async () => {
    const { cart, shown } = await followed(4)
    await cart.command(() => Promise.resolve(cartOf(3)))
    expect(shown()).toBe(4)
  })

  it('is right again after a reconnect: what was missed is read, and what could not be read', async () => {
    const { cart, get, shown, snapshot, event, resumed } = await followed(1)
    snapshot(6)
    get.mockResolvedValue(cartOf(6))
    await settled()
    get.mockRejectedValueOnce(Problem.unreachable())
    event(7)
    await settled()
    expect(cart.now.state).toBe('stale')
    get.mockResolvedValue(cartOf(7))
    resumed()
    await settled()
    expect([cart.now.state, shown()]).toEqual(['ready', 7])
    get.mockClear()
    resumed()
    expect(get).not.toHaveBeenCalled()
  })

  it('is not asked for without end where its answer names an older version than was told', async () => {
    const { get, event } = await followed(1)
    event(9)
    await settled()
    expect(get).toHaveBeenCalledTimes(1)
  })

  it('is left on sign-out', async () => {
    const { channels, leave } = await followed()
    leave()
    expect(channels.size).toBe(0)
  })
})
