/** What customers read of the money that goes back to them. */

import type { Order, OrderRefund } from './api/types'
import { dayAndTime, money, w } from './i18n/index.svelte'

/** All that was paid by the means of payment: an order's amounts are without the dishes that were taken out of it. */
export function paidWon({ payable_won, cancellations }: Pick<Order, 'payable_won' | 'cancellations'>): number {
  return cancellations.reduce((sum, { refund_won }) => sum + refund_won, payable_won)
}

/** How much of what was `paid` goes back, and how far that is. */
export function refundText(won: number, paid: number, refund: OrderRefund | null | undefined): string {
  const much = won < paid ? w().order.refundedPart(money(won), money(paid)) : w().order.refundedAll(money(won))
  return `${much} ${howFar(refund)}`
}

function howFar(refund: OrderRefund | null | undefined): string {
  if (refund?.status === 'done' && refund.done_at) return w().order.refundDone(dayAndTime(refund.done_at))
  return refund?.status === 'delayed' ? w().order.refundDelayed : w().order.refundWhen
}
