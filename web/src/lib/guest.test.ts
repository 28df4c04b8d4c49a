import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { Dish, GuestCart } from './guest.svelte'

const kept = new Map<string, string>()
const listeners: ((event: { key: string | null }) => void)[] = []
vi.stubGlobal('localStorage', {
  getItem: (key: string) => kept.get(key) ?? null,
  setItem: (key: string, value: string) => void kept.set(key, value),
  removeItem: (key: string) => void kept.delete(key),
})
vi.stubGlobal('addEventListener', (_: string, listener: (typeof listeners)[number]) => listeners.push(listener))

const { guestCart, guestPlace, isGuestCart, linesOf, putBack, putIn, setQuantity, subtotalWon } = await import('./guest.svelte')

const KEY = 'baedal.guest.cart'
const id = (number: number) => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`
const [HERE, THERE] = [
  { id: id(1), name: '여기' },
  { id: id(2), name: '저기' },
]
const dish = (number: number, fields: Partial<Dish> = {}): Dish => ({
  menu_id: id(number),
  name: `메뉴 ${number}`,
  unit_won: 1_000 * number,
  quantity: 1,
  options: [],
  ...fields,
})
const option = (number: number, quantity = 1) => ({ option_id: id(number), name: `${number}`, quantity })
const cart = () => guestCart.now as GuestCart
const quantities = () => guestCart.now?.lines.map(({ quantity }) => quantity) ?? []

/** Another tab leaves `value` in the browser. */
function elsewhere(value: string | null) {
  if (value === null) kept.delete(KEY)
  else kept.set(KEY, value)
  for (const listener of listeners) listener({ key: KEY })
}

beforeEach(() => {
  guestCart.set(null)
  guestPlace.set(null)
})

describe('a guest’s cart', () => {
  it('joins equal dishes with equal options, in any order of the options', () => {
    putIn(HERE, dish(1, { options: [option(8), option(9)] }), false)
    putIn(HERE, dish(1, { options: [option(9), option(8)], quantity: 2 }), false)
    putIn(HERE, dish(1, { options: [option(9, 2), option(8)] }), false)
    putIn(HERE, dish(3), false)
    expect(quantities()).toEqual([3, 1, 1])
    expect(subtotalWon(cart())).toBe(3_000 + 1_000 + 3_000)
  })

  it('holds at most 99 of a line, and 50 lines', () => {
    putIn(HERE, dish(1, { quantity: 98 }), false)
    putIn(HERE, dish(1, { quantity: 98 }), false)
    expect(quantities()).toEqual([99])
    for (let number = 2; number <= 50; number++) putIn(HERE, dish(number), false)
    expect(() => putIn(HERE, dish(51), false)).toThrowError(expect.objectContaining({ type: 'cart.too_many_lines' }))
    // One that joins another needs no line.
    putIn(HERE, dish(50), false)
    expect(quantities().at(-1)).toBe(2)
  })

  it('is of one restaurant, and replaced only by its owner’s word', () => {
    putIn(HERE, dish(1), false)
    const { id: before } = cart()
    expect(() => putIn(THERE, dish(2), false)).toThrowError(expect.objectContaining({ type: 'cart.other_restaurant' }))
    expect(cart().restaurant_id).toBe(HERE.id)
    expect(putIn(THERE, dish(2), true)).toBeUndefined()
    expect(cart().restaurant_name).toBe('저기')
    expect(cart().lines).toHaveLength(1)
    expect(cart().id).not.toBe(before)
  })

  it('has what was put in taken back, and what was taken out put back', () => {
    putIn(HERE, dish(1), false)
    const undo = putIn(HERE, dish(1, { quantity: 4 }), false)
    undo?.()
    expect(quantities()).toEqual([1])
    const [from, line] = [cart(), cart().lines[0]!]
    setQuantity(line.id, 0)
    expect(guestCart.now).toBeNull()
    expect(kept.has(KEY)).toBe(false)
    putBack(from, line)
    putBack(from, line)
    expect(quantities()).toEqual([1])
    // Not among another restaurant's dishes.
    putIn(THERE, dish(2), true)
    putBack(from, line)
    expect(cart().lines.map(({ name }) => name)).toEqual(['메뉴 2'])
  })

  it('keeps its id while it is changed, and is another one once it was offered to an account', () => {
    putIn(HERE, dish(1), false)
    const { id: first } = cart()
    putIn(HERE, dish(2), false)
    expect(cart().id).toBe(first)
    guestCart.set({ ...cart(), isOffered: true })
    setQuantity(cart().lines[0]!.id, 5)
    expect(cart().id).not.toBe(first)
    expect(cart().isOffered).toBeUndefined()
  })

  it('goes to the server without names and prices', () => {
    putIn(HERE, dish(1, { options: [option(8, 2)] }), false)
    expect(linesOf(cart())).toEqual([
      { id: cart().lines[0]!.id, menu_id: id(1), quantity: 1, options: [{ option_id: id(8), quantity: 2 }] },
    ])
  })
})

describe('a cart of several tabs', () => {
  it('is followed', () => {
    putIn(HERE, dish(1), false)
    const text = kept.get(KEY) ?? ''
    elsewhere(null)
    expect(guestCart.now).toBeNull()
    elsewhere(text)
    expect(quantities()).toEqual([1])
  })

  it('loses nothing where a tab has not heard of the other one’s change yet', () => {
    putIn(HERE, dish(1), false)
    const ours = cart()
    kept.set(KEY, JSON.stringify({ ...ours, lines: [...ours.lines, { ...dish(2), id: id(77) }] }))
    putIn(HERE, dish(3), false)
    expect(cart().lines.map(({ name }) => name)).toEqual(['메뉴 1', '메뉴 2', '메뉴 3'])
  })
})

describe('what cannot be read', () => {
  it('is no cart', () => {
    putIn(HERE, dish(1, { options: [option(8)] }), false)
    const good = cart()
    const [line] = good.lines
    expect(isGuestCart(good)).toBe(true)
    const broken: unknown[] = [
      1,
      'text',
      [],
      {},
      { ...good, id: 'x' },
      { ...good, restaurant_id: undefined },
      { ...good, fulfilment: 'by drone' },
      { ...good, lines: [] },
      { ...good, lines: null },
      { ...good, lines: Array.from({ length: 51 }, () => line) },
      { ...good, lines: [{ ...line, quantity: 100 }] },
      { ...good, lines: [{ ...line, quantity: 1.5 }] },
      { ...good, lines: [{ ...line, unit_won: '1000' }] },
      { ...good, lines: [{ ...line, options: [{}] }] },
      { ...good, lines: [null] },
    ]
    for (const one of broken) {
      elsewhere(JSON.stringify(one))
      expect(guestCart.now, JSON.stringify(one)).toBeNull()
    }
    elsewhere('{"id":')
    expect(guestCart.now).toBeNull()
    putIn(HERE, dish(1), false)
    expect(quantities()).toEqual([1])
  })
})
