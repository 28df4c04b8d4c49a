/**
 * The shapes of the REST interface that the pages use.
 *
 * Money is integer won, times are RFC 3339 in UTC, coordinates are WGS84.
 */

import type { components } from './schema'

type Schemas = components['schemas']

export type LatLon = Schemas['Position']
export type Role = 'customer' | 'courier' | 'owner' | 'agent' | 'admin' | 'service'
export type Tokens = Omit<Schemas['Tokens'], 'roles'> & { roles: Role[] }
export type Address = Schemas['Address']
export type AddressInput = Schemas['NewAddress']
export type Place = Schemas['Place']
export type Restaurant = Schemas['Restaurant']
export type Category = Schemas['Category']
export type MenuBoard = Schemas['Card']
export type Menu = Schemas['Menu']
export type OptionGroup = Schemas['OptionGroup']
export type Cart = Schemas['Cart']
export type CartProblem = Schemas['CartProblem']
export type Quote = Schemas['Quote']
export type RejectReason = Schemas['RejectReason']
export type HistoryItem = Schemas['OrderEvent']
export type Topic = Schemas['Topic']
export type Conversation = Schemas['Conversation']
export type Message = Schemas['Message']
export type Desk = Schemas['Desk']
export type Order = Omit<Schemas['Order'], 'status'> & { status: OrderStatus }

export interface Page<T> {
  items: T[]
  next_cursor?: string | null
}

export type OrderStatus =
  | 'pending_payment'
  | 'scheduled'
  | 'placed'
  | 'accepted'
  | 'preparing'
  | 'ready'
  | 'picked_up'
  | 'delivered'
  | 'completed'
  | 'rejected'
  | 'cancelled'
  | 'expired'
  | 'payment_failed'
  | 'delivery_failed'

export type DeliveryStatus =
  | 'requested'
  | 'offered'
  | 'assigned'
  | 'at_restaurant'
  | 'picked_up'
  | 'at_dropoff'
  | 'delivered'
  | 'cancelled'
  | 'undeliverable'
  | 'returned'
  | 'disposed'

/** What a courier reports while delivering. */
export type Step = 'at_restaurant' | 'picked_up' | 'at_dropoff' | 'delivered' | 'failed'

export interface Position extends LatLon {
  heading_deg?: number | null
  speed_mps?: number | null
  at?: string
}

export interface Eta {
  arrive_at: string
  stale: boolean
}

export interface Delivery {
  order_id: string
  version: number
  status: DeliveryStatus
  courier?: { id: string; name: string; vehicle: string } | null
  pickup: LatLon | { position: LatLon }
  drop_off: LatLon | { position: LatLon }
  position?: Position | null
  eta?: Eta | null
}

export interface Offer {
  id: string
  order_id: string
  restaurant_name: string
  pickup: LatLon
  drop_off: LatLon
  distance_m: number
  fee_won: number
  expires_at: string
}

export interface Courier {
  id: string
  name: string
  vehicle: string
  on_shift: boolean
  assignments: Delivery[]
  offers: Offer[]
}
