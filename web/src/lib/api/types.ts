/**
 * The shapes of the REST interface that the pages use.
 *
 * Money is integer won, times are RFC 3339 in UTC, coordinates are WGS84.
 */

export interface LatLon {
  lat: number
  lon: number
}

export type Role = 'customer' | 'courier' | 'owner' | 'agent' | 'admin' | 'service'

export interface Tokens {
  access_token: string
  /** Seconds until the access token ends. */
  expires_in: number
  refresh_token: string
  user_id: string
  session_id: string
  roles: Role[]
}

export interface User {
  id: string
  email: string
  name: string
  phone: string
  roles: Role[]
  created_at: string
}

export interface Address {
  id: string
  label: string
  road_address: string
  detail: string
  entrance_note: string
  position: LatLon
  gu: string
  dong: string
  is_default: boolean
}

export type AddressInput = Omit<Address, 'id' | 'gu' | 'dong'>

export interface Place {
  gu: string
  dong: string
  position: LatLon
}

export interface Page<T> {
  items: T[]
  next_cursor?: string | null
}

export interface Restaurant {
  id: string
  name: string
  category: string
  phone: string
  position: LatLon
  gu: string
  dong: string
  minimum_order_won: number
  tip_won: number | null
  distance_m: number | null
  open_now: boolean
  next_open_at?: string | null
  closed_reason?: string | null
  deliverable: boolean
  preparation_mins: number
}

export interface MenuOption {
  id: string
  name: string
  price_won: number
  max_quantity: number
  sold_out: boolean
}

export interface OptionGroup {
  id: string
  name: string
  min: number
  max: number
  options: MenuOption[]
}

export interface Menu {
  id: string
  name: string
  description: string
  price_won: number
  sold_out: boolean
  option_groups: OptionGroup[]
}

export interface MenuBoard {
  restaurant_id: string
  version: number
  groups: { id: string; name: string; menus: Menu[] }[]
}

export interface LineOption {
  option_id: string
  name: string
  quantity: number
  price_won: number
}

export interface Line {
  id?: string
  menu_id: string
  name: string
  quantity: number
  options: LineOption[]
  unit_price_won: number
  total_won: number
  problem?: string | null
}

export interface Cart {
  version: number
  restaurant_id?: string | null
  restaurant_name?: string | null
  lines: (Line & { id: string })[]
  subtotal_won: number
  minimum_order_won: number
  shortfall_won: number
}

export interface Quote {
  quote_id: string
  expires_at: string
  restaurant_id: string
  lines: Line[]
  subtotal_won: number
  tip_won: number
  payable_won: number
  minimum_order_won: number
  shortfall_won: number
  orderable: boolean
  problems: unknown[]
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

export interface Order {
  id: string
  version: number
  status: OrderStatus
  customer_id: string
  restaurant_id: string
  restaurant_name: string
  courier_id?: string | null
  lines: Line[]
  subtotal_won: number
  tip_won: number
  payable_won: number
  drop_off: { position: LatLon; road_address: string; detail: string; entrance_note: string }
  pickup: { position: LatLon }
  note?: string | null
  placed_at?: string | null
  ready_by?: string | null
  cancel_request?: unknown
  created_at: string
}

export interface HistoryItem {
  version: number
  type: string
  at: string
  data: Record<string, unknown>
}

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

export type Topic = 'order' | 'payment' | 'delivery' | 'account' | 'other'

export interface Conversation {
  id: string
  version: number
  status: 'queued' | 'open' | 'pending' | 'resolved'
  topic: Topic
  order_id?: string | null
  customer_id: string
  agent_id?: string | null
  last_seq: number
  customer_read_seq: number
  agent_read_seq: number
  unread: number
  created_at: string
}

export interface Message {
  seq: number
  message_id: string
  client_message_id: string
  author_id: string
  author_role: 'customer' | 'agent' | 'system'
  text: string
  private_note: boolean
  at: string
}

export interface Desk {
  online: boolean
  capacity: number
  assigned: Conversation[]
  queued: number
}
