/** What pages say of an order beside its own words. */

import type { LinePart, Order, OrderLine, OrderStatus } from './api/types'

/** The statuses between the restaurant's yes and the door. */
export const UNDER_WAY: readonly OrderStatus[] = ['accepted', 'preparing', 'ready', 'picked_up']
/** The statuses before the restaurant's answer. */
export const WAITING: readonly OrderStatus[] = ['pending_payment', 'scheduled', 'placed']
/** The statuses in which dishes can be taken out of an order: it is paid, and the food is not on its way. */
export const CAN_LOSE_LINES: readonly OrderStatus[] = ['placed', 'accepted', 'preparing', 'ready']
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

/** What is chosen of these lines, by their ids; there may be fewer of one by now. */
export function partsOf(lines: readonly OrderLine[], chosen: Readonly<Record<string, number>>): LinePart[] {
  return lines
    .map(({ line_id, quantity }) => ({ line_id, quantity: Math.min(chosen[line_id] ?? 0, quantity) }))
    .filter(({ quantity }) => quantity > 0)
}
