/** What pages say of an order beside its own words. */

import type { Order, OrderStatus } from './api/types'

/** The statuses between the restaurant's yes and the door. */
export const UNDER_WAY: readonly OrderStatus[] = ['accepted', 'preparing', 'ready', 'picked_up']
/** The statuses before the restaurant's answer. */
export const WAITING: readonly OrderStatus[] = ['pending_payment', 'scheduled', 'placed']
/** The statuses of orders that came to nothing. */
export const CAME_TO_NOTHING: readonly OrderStatus[] = [
  'rejected',
  'cancelled',
  'expired',
  'payment_failed',
  'delivery_failed',
]

export function isOver(order: Order): boolean {
  return !UNDER_WAY.includes(order.status) && !WAITING.includes(order.status)
}

export function toneOf(status: OrderStatus): 'plain' | 'good' | 'warn' | 'bad' {
  if (UNDER_WAY.includes(status) || status === 'placed') return 'good'
  if (status === 'pending_payment') return 'warn'
  return CAME_TO_NOTHING.includes(status) ? 'bad' : 'plain'
}
