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
export type DeliveryStatus = Schemas['DeliveryStatus']
export type Delivery = Schemas['Delivery']
export type Vehicle = Schemas['Vehicle']
export type Eta = Schemas['Eta']
/** A courier's position, as a snapshot or a `latest` frame brings it. */
export type Position = Omit<Schemas['CourierPosition'], 'at'> & { at?: string }
export type Courier = Schemas['Courier']
export type Offer = Schemas['Offer']
/** How a process is. */
export type System = Schemas['System']
export type Trouble = Schemas['Trouble']
/** How the city is. */
export type CityCounts = Schemas['City']
/** What a courier reports while delivering. */
export type Step = Schemas['Step']
/** Why a courier could not hand it over. */
export type FailReason = Schemas['FailReason']
/** The wait at the door. */
export type Contact = Schemas['Contact']
export type ContactWay = Schemas['ContactWay']
/** The cart with what could be had of an earlier order. */
export type Reordered = Schemas['Reordered']
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
