/** What pages say of payments and refunds beside their own words. */

import type { PaymentStatus, RefundStatus } from './api/types'

type Tone = 'plain' | 'good' | 'warn' | 'bad'

/** Whether the gateway took the money, also where it went back since. */
export function isPaid(status: PaymentStatus): boolean {
  return status === 'done' || status === 'partially_cancelled' || status === 'cancelled'
}

export function toneOfPayment(status: PaymentStatus): Tone {
  if (status === 'done') return 'good'
  if (status === 'aborted') return 'bad'
  return status === 'unknown' || status === 'in_progress' ? 'warn' : 'plain'
}

export function toneOfRefund(status: RefundStatus): Tone {
  if (status === 'succeeded') return 'good'
  return status === 'failed' ? 'bad' : 'warn'
}
