import { describe, expect, it } from 'vitest'
import type { Order, Restaurant } from './api/types'
import { Board, Shop } from './board.svelte'
import { Problem } from './problem'

const order = (id: string, version: number, status = 'placed') => ({ id, version, status }) as Order
const shop = () => new Shop({ id: 'r' } as Restaurant)
const ids = (one: Shop) => one.known.map((known) => `${known.id}${known.version}`)

describe('the live orders of a restaurant', () => {
  it('keep what came while the list was asked for', async () => {
    const one = shop()
    let answer: (orders: Order[]) => void = () => undefined
    const loading = one.load(() => new Promise((resolve) => (answer = resolve)))
    one.take(order('a', 2))
    one.take(order('b', 1))
    answer([order('a', 1)])
    await loading
    expect(ids(one)).toEqual(['a2', 'b1'])
  })

  it('never go back to an older version, and leave the board at the end', async () => {
    const one = shop()
    await one.load(async () => [order('a', 3)])
    one.take(order('a', 2, 'rejected'))
    expect(ids(one)).toEqual(['a3'])
    one.take(order('a', 4, 'delivered'))
    expect(ids(one)).toEqual([])
  })
})

describe('a board of several restaurants', () => {
  it('is ready once all are, and as stale as the stalest', async () => {
    const [a, b] = [shop(), shop()]
    expect(Board.together([a, b]).state).toBe('loading')
    await a.load(async () => [order('a', 1)])
    expect(Board.together([a, b]).state).toBe('loading')
    await b.load(async () => [])
    expect(Board.together([a, b])).toMatchObject({ state: 'ready', value: [{ id: 'a' }] })
    b.orders.lost()
    expect(Board.together([a, b])).toMatchObject({ state: 'stale', problem: null })
  })

  it('says that a part of it failed, and shows the rest', async () => {
    const [a, b] = [shop(), shop()]
    const problem = new Problem({ type: 'unavailable' })
    await b.load(() => Promise.reject(problem))
    expect(Board.together([b])).toEqual({ state: 'failed', problem })
    await a.load(async () => [order('a', 1)])
    expect(Board.together([a, b])).toMatchObject({ state: 'stale', problem, value: [{ id: 'a' }] })
  })
})
