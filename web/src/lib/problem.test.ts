import { describe, expect, it } from 'vitest'
import { Problem } from './problem'

describe('a refusal of one field', () => {
  const refused = new Problem({ type: 'coupon.code_taken', status: 409 })

  it('is told at it, and any other is not', () => {
    expect(refused.at('/code', ['coupon.code_taken']).body.errors).toEqual([{ pointer: '/code', code: 'coupon.code_taken' }])
    expect(refused.at('/code', ['coupon.over'])).toBe(refused)
  })
})
