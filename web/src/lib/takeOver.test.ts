import { beforeEach, describe, expect, it, vi } from 'vitest'
import { Problem } from './problem'
import type { Rest } from './rest'
import type { Shop } from './shop.svelte'

const kept = new Map<string, string>()
vi.stubGlobal('localStorage', {
  getItem: (key: string) => kept.get(key) ?? null,
  setItem: (key: string, value: string) => void kept.set(key, value),
  removeItem: (key: string) => void kept.delete(key),
})
vi.stubGlobal('addEventListener', () => undefined)

/** One lock, as the tabs of a browser share it. */
let last: Promise<unknown> = Promise.resolve()
vi.stubGlobal('navigator', {
  locks: {
    request: (_: string, { signal }: { signal: AbortSignal }, work: () => Promise<void>) => {
      const before = last
      const turn = (async () => {
        await Promise.race([
          before,
          new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('left')))),
        ])
        await work()
      })()
      last = Promise.all([before, turn.catch(() => undefined)])
      return turn
    },
  },
})

const { guestCart, putIn } = await import('./guest.svelte')
const { TakeOver } = await import('./takeOver.svelte')

const settled = () => new Promise((done) => setTimeout(done))
const id = (number: number) => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`
const refusal = (type: string, status = 409) => new Problem({ type, status })

interface Sent {
  body: { replace: boolean; lines: { id: string }[] }
  key: string
}

/** A tab whose account answers in turn. */
function tab(...answers: (Problem | string[])[]) {
  const sent: Sent[] = []
  const told: [string[], boolean][] = []
  const rest = {
    post: (_: string, body: Sent['body'], { idempotencyKey }: { idempotencyKey: string }) => {
      sent.push({ body, key: idempotencyKey })
      const answer = answers.shift() ?? []
      if (answer instanceof Problem) return Promise.reject(answer)
      return Promise.resolve({ cart: {}, left_out: answer.map((line) => ({ pointer: `/lines/${line}`, code: 'sold_out' })) })
    },
  } as unknown as Rest
  const shop = { cart: { command: (work: () => Promise<unknown>) => work() }, wishes: { fulfilment: 'delivery' } } as unknown as Shop
  const takeOver = new TakeOver(rest, shop, (...what) => told.push(what))
  return { sent, told, shop, takeOver, refused: () => takeOver.refusal?.type ?? null }
}

beforeEach(() => {
  last = Promise.resolve()
  guestCart.set(null)
  const dish = (number: number) => ({ menu_id: id(number), name: `메뉴 ${number}`, unit_won: 1_000, quantity: 1, options: [] })
  putIn({ id: id(1), name: '여기' }, dish(2), false)
  putIn({ id: id(1), name: '여기' }, dish(3), false)
})

describe('taking a guest’s cart over', () => {
  it('forgets it after the answer, and tells by name what could not be had', async () => {
    const cart = guestCart.now!
    const { sent, told, takeOver } = tab([cart.lines[1]!.id])
    await takeOver.start()
    expect(sent.map(({ key, body }) => [key, body.replace, body.lines.length])).toEqual([[cart.id, false, 2]])
    expect(told).toEqual([[['메뉴 3'], true]])
    expect(guestCart.now).toBeNull()
    await takeOver.start()
    expect(sent).toHaveLength(1)
  })

  it('loses nothing without network, and sends the same again', async () => {
    const { sent, refused, takeOver } = tab(Problem.unreachable(), refusal('http.503', 503), [])
    await takeOver.start()
    expect(guestCart.now?.lines).toHaveLength(2)
    expect(refused()).toBeNull()
    await takeOver.start()
    await takeOver.start()
    expect(guestCart.now).toBeNull()
    expect(new Set(sent.map(({ key }) => key)).size).toBe(1)
  })

  it('asks where the account has another restaurant’s dishes: they are replaced', async () => {
    const { sent, refused, takeOver, shop } = tab(refusal('cart.other_restaurant'), [])
    guestCart.set({ ...guestCart.now!, fulfilment: 'pickup' })
    const done = takeOver.start()
    await settled()
    expect(refused()).toBe('cart.other_restaurant')
    expect(guestCart.now).not.toBeNull()
    takeOver.answer('take')
    await done
    expect(sent.map(({ body }) => body.replace)).toEqual([false, true])
    expect(sent[0]!.key).not.toBe(sent[1]!.key)
    expect([refused(), guestCart.now, shop.wishes.fulfilment]).toEqual([null, null, 'pickup'])
  })

  it('… or they are kept', async () => {
    const { sent, told, takeOver } = tab(refusal('cart.other_restaurant'))
    const done = takeOver.start()
    await settled()
    takeOver.answer('drop')
    await done
    expect([sent.length, told.length, guestCart.now]).toEqual([1, 0, null])
  })

  it('keeps what was refused until its owner drops it', async () => {
    const { sent, refused, takeOver } = tab(refusal('cart.too_many_lines'), refusal('cart.too_many_lines'))
    const done = takeOver.start()
    await settled()
    takeOver.answer('take')
    await settled()
    expect([refused(), sent.length, guestCart.now?.lines.length]).toEqual(['cart.too_many_lines', 2, 2])
    expect(sent.map(({ body }) => body.replace)).toEqual([false, false])
    takeOver.answer('drop')
    await done
    expect(guestCart.now).toBeNull()
  })

  it('asks in one tab; the other one has nothing left to ask', async () => {
    const [one, other] = [tab(refusal('cart.other_restaurant'), []), tab()]
    const both = [one.takeOver.start(), other.takeOver.start()]
    await settled()
    expect([one.refused(), other.refused()]).toEqual(['cart.other_restaurant', null])
    one.takeOver.answer('take')
    await Promise.all(both)
    expect([one.sent.length, other.sent.length]).toEqual([2, 0])
  })

  it('is left to another tab by a user who leaves', async () => {
    const [one, other] = [tab(refusal('cart.other_restaurant')), tab(refusal('cart.other_restaurant'))]
    const both = [one.takeOver.start(), other.takeOver.start()]
    await settled()
    one.takeOver.leave()
    await settled()
    expect([one.refused(), other.refused()]).toEqual([null, 'cart.other_restaurant'])
    other.takeOver.leave()
    await Promise.all(both)
    expect(guestCart.now?.lines).toHaveLength(2)
  })
})
