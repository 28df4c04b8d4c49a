/** What can be said of an order's arrival: pure, so that each moment of an order can be tested. */

import type { Delivery, Eta, Order, Position } from './api/types'
import { distanceM } from './glide'
import { clockTime, distance, w } from './i18n/index.svelte'

/** Distances are told in steps of this, and none below the first; in metres. */
const STEP_M = 100
const MINUTE_MS = 60_000

/** What is known of an order at a moment. */
export interface Known {
  order: Order
  delivery: Delivery | null
  eta: Eta | null
  position: Position | null
  /** When the position was measured. */
  seenAt: string | null
}

export interface Arrival {
  /** Above the title, small. */
  above: string
  title: string
  /** When it arrives, where the title does not say it. */
  arrives: string
  lines: string[]
  /** Since when nothing was heard of the courier. */
  lost: string
}

/** What its customer reads at `now`. */
export function arrivalOf(known: Known, now: number): Arrival {
  const { order } = known
  const told: Arrival = { above: '', title: '', arrives: '', lines: [], lost: '' }
  const arrives = known.eta ? w().order.arrives(clockTime(known.eta.arrive_at)) : ''
  switch (order.status) {
    case 'placed':
      return { ...told, title: w().order.confirming, lines: [order.payable_won > 0 ? w().order.confirmingText : w().order.confirmingFree] }
    case 'accepted':
    case 'preparing': {
      const isLate = order.ready_by != null && now > Date.parse(order.ready_by) + MINUTE_MS
      const late = isLate ? [w().order.cookingLate] : []
      const courier = courierBefore(known)
      if (!order.ready_by || isLate) {
        return { ...told, title: w().order.cooking, arrives, lines: [...late, courier].filter(Boolean) }
      }
      const title = w().order.readyBy(clockTime(order.ready_by))
      return { ...told, above: w().order.cooking, title, arrives, lines: [courier].filter(Boolean) }
    }
    case 'ready': {
      const line = order.drop_off == null ? w().order.collectNow : courierBefore(known)
      return { ...told, title: w().order.cooked, arrives, lines: [line].filter(Boolean) }
    }
    default:
      return onTheWay(known, told, now)
  }
}

/** Before the food is on its way, the customer is told what the courier does, not where they are. */
function courierBefore({ order, delivery }: Known): string {
  if (order.drop_off == null || !delivery) return ''
  if (!delivery.courier) return w().order.courierSought
  return delivery.status === 'at_restaurant' ? w().order.courierWaits : w().order.courierComes
}

function onTheWay({ order, delivery, eta, position, seenAt }: Known, told: Arrival, now: number): Arrival {
  if (delivery?.status === 'at_dropoff') return { ...told, title: w().order.atDoor }
  if (!eta) return { ...told, title: w().orderStatus.picked_up }
  const left = Math.ceil((Date.parse(eta.arrive_at) - now) / MINUTE_MS)
  const door = order.drop_off?.position
  const away = position && door ? Math.round(distanceM(position, door) / STEP_M) * STEP_M : 0
  const lines = [
    left < 0 ? w().order.arriving : w().order.minutesLeft(left),
    away >= STEP_M ? w().order.away(distance(away)) : '',
  ]
  return {
    ...told,
    above: w().order.eta,
    title: clockTime(eta.arrive_at),
    lines: [lines.filter(Boolean).join(' · ')],
    lost: eta.stale && seenAt ? w().order.lastSeen(clockTime(seenAt)) : '',
  }
}
