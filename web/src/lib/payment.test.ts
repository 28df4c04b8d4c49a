import { describe, expect, it } from 'vitest'
import type { PaymentStatus, RefundStatus } from './api/types'
import { isPaid, toneOfPayment, toneOfRefund } from './payment'

describe('a payment', () => {
  it('was taken, be it that it went back', () => {
    const all: PaymentStatus[] = ['in_progress', 'done', 'aborted', 'unknown', 'partially_cancelled', 'cancelled']
    expect(all.filter(isPaid)).toEqual(['done', 'partially_cancelled', 'cancelled'])
  })

  it('is neither good nor bad before its outcome is known', () => {
    expect((['in_progress', 'unknown', 'done', 'aborted', 'cancelled'] as PaymentStatus[]).map(toneOfPayment)).toEqual([
      'warn', 'warn', 'good', 'bad', 'plain',
    ])
    expect((['requested', 'succeeded', 'failed'] as RefundStatus[]).map(toneOfRefund)).toEqual(['warn', 'good', 'bad'])
  })
})
