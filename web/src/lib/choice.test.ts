import { describe, expect, it } from 'vitest'
import type { Menu } from './api/types'
import { choose, complete, firstChoice, priceWon } from './choice'

const size = {
  id: 'size',
  name: '크기',
  min: 1,
  max: 1,
  options: [
    { id: 's', name: '보통', price_won: 0, max_quantity: 1, sold_out: false },
    { id: 'l', name: '곱빼기', price_won: 1500, max_quantity: 1, sold_out: false },
  ],
}
const extra = {
  id: 'extra',
  name: '추가',
  min: 0,
  max: 3,
  options: [{ id: 'egg', name: '계란', price_won: 500, max_quantity: 3, sold_out: false }],
}
const menu: Menu = {
  id: 'm',
  name: '짜장면',
  description: '',
  price_won: 7000,
  sold_out: false,
  option_groups: [size, extra],
}

describe('the choice of options', () => {
  it('starts with the first option where exactly one is wanted', () => {
    expect(firstChoice(menu)).toEqual({ s: 1 })
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
})
