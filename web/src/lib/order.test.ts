import { describe, expect, it } from 'vitest'
import type { OrderLine } from './api/types'
import { partsOf } from './order'

const line = (line_id: string, quantity: number) => ({ line_id, quantity }) as OrderLine

describe('what is chosen of an order', () => {
  it('is named by its lines, without those of which nothing is', () => {
    expect(partsOf([line('a', 3), line('b', 1)], { a: 2, b: 0 })).toEqual([{ line_id: 'a', quantity: 2 }])
  })

  it('is never more than there is', () => {
    expect(partsOf([line('a', 1)], { a: 2, gone: 1 })).toEqual([{ line_id: 'a', quantity: 1 }])
  })
})
