import { describe, expect, it } from 'vitest'
import { find, pathOf, type RouteTo } from './router.svelte'

const ID = '01a218b6-35fc-7172-8265-93fa2675c6ea'
const page = (() => undefined) as unknown as RouteTo['page']
const routes: RouteTo[] = ['', 'cart', 'orders', 'orders/:id'].map((path) => ({ path, page }))

describe('a path of the address', () => {
  it('is the parts of the hash', () => {
    expect(pathOf('')).toEqual([])
    expect(pathOf('#/')).toEqual([])
    expect(pathOf(`#/orders/${ID}?from=mail`)).toEqual(['orders', ID])
    expect(pathOf('#/%EA%B0%80')).toEqual(['가'])
  })

  it('is no path where it cannot be decoded', () => {
    expect(pathOf('#/orders/%E0%A4%A')).toBeNull()
  })
})

describe('a route', () => {
  it('is found with its parameters', () => {
    expect(find(routes, [])).toEqual({ page, params: {} })
    expect(find(routes, ['orders', ID])).toEqual({ page, params: { id: ID } })
  })

  it('takes an id of the server alone', () => {
    expect(find(routes, ['orders', 'x'])).toBeNull()
    expect(find(routes, ['orders', ID, 'more'])).toBeNull()
    expect(find(routes, ['nowhere'])).toBeNull()
    expect(find(routes, null)).toBeNull()
  })
})
