import { describe, expect, it } from 'vitest'
import type { Menu } from './api/types'
import { choose, complete, firstChoice, priceWon } from './choice'

const size = {
  id: 'size',
  name: '크기',
  min: 1,
  max: 1,
  unique: true,
  free_up_to: 0,
  options: [
    { id: 's', name: '보통', price_won: 0, max_quantity: 1, is_default: false, hidden: false, sold_out: false },
    { id: 'l', name: '곱빼기', price_won: 1500, max_quantity: 1, is_default: false, hidden: false, sold_out: false },
  ],
}
const extra = {
  id: 'extra',
  name: '추가',
  min: 0,
  max: 3,
  unique: false,
  free_up_to: 0,
  options: [{ id: 'egg', name: '계란', price_won: 500, max_quantity: 3, is_default: false, hidden: false, sold_out: false }],
}
const menu: Menu = {
  id: 'm',
  name: '짜장면',
  description: '',
  price_won: 7000,
  kind: 'food',
  hidden: false,
  origins: [],
  allergens: [],
  sold_out: false,
  option_groups: [size, extra],
}

describe('the choice of options', () => {
  it('starts with the first option where exactly one is wanted', () => {
    expect(firstChoice(menu)).toEqual({ s: 1 })
  })

  it('starts with what the restaurant says, and with nothing that costs', () => {
    const large = { ...size, options: size.options.map((option) => ({ ...option, price_won: 500 })) }
    expect(firstChoice({ ...menu, option_groups: [large] })).toEqual({})
    const egg = extra.options.map((option) => ({ ...option, price_won: 0, is_default: true }))
    expect(firstChoice({ ...menu, option_groups: [size, { ...extra, options: egg }] })).toEqual({ s: 1, egg: 1 })
  })

  it('swaps in a group of one', () => {
    expect(choose(size, { s: 1 }, 'l', 1)).toEqual({ l: 1 })
  })

  it('never goes beyond the most that a group takes', () => {
    expect(choose(extra, { egg: 3 }, 'egg', 4)).toEqual({ egg: 3 })
  })

  it('is incomplete while a group lacks what it wants', () => {
    expect(complete(menu, {})).toBe(false)
    expect(complete(menu, { l: 1, egg: 2 })).toBe(true)
  })

  it('prices a line as quantity × (base + Σ option × quantity)', () => {
    expect(priceWon(menu, { l: 1, egg: 2 }, 2)).toBe(2 * (7000 + 1500 + 1000))
  })

  it('takes nothing for the cheapest ones, up to the number that is free', () => {
    const cheese = { id: 'cheese', name: '치즈', price_won: 1000, max_quantity: 2, is_default: false, hidden: false, sold_out: false }
    const toppings = { ...extra, free_up_to: 2, options: [...extra.options, cheese] }
    const price = (choice: Record<string, number>) => priceWon({ ...menu, option_groups: [toppings] }, choice, 1) - 7000
    expect(price({ egg: 2 })).toBe(0)
    expect(price({ egg: 1, cheese: 2 })).toBe(1000)
    expect(price({ egg: 3, cheese: 1 })).toBe(1500)
  })
})
