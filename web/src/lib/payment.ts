/** What pages say of payments and refunds beside their own words. */

import type { OrderRefund, PaymentStatus, RefundStatus } from './api/types'

type Tone = 'plain' | 'good' | 'warn' | 'bad'

/** Whether the gateway took the money, also where it went back since. */
export function isPaid(status: PaymentStatus): boolean {
  return status === 'done' || status === 'partially_cancelled' || status === 'cancelled'
}

/** Whether its outcome is not known yet. */
export function isOpen(status: PaymentStatus): boolean {
  return status === 'unknown' || status === 'in_progress'
}

export function toneOfPayment(status: PaymentStatus): Tone {
  if (status === 'done') return 'good'
  if (status === 'aborted') return 'bad'
  return isOpen(status) ? 'warn' : 'plain'
}

/** How far the refund of an order is, as payments name it. */
export const REFUND_STATUS = { under_way: 'requested', delayed: 'failed', done: 'succeeded' } as const satisfies Record<
  OrderRefund['status'],
  RefundStatus
>

export function toneOfRefund(status: RefundStatus): Tone {
  if (status === 'succeeded') return 'good'
  return status === 'failed' ? 'bad' : 'warn'
}
