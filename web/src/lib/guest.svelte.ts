/**
 * What somebody who has not signed in keeps in this browser: a cart, and the place that it is brought to.
 *
 * 1. The tabs share it: a change begins with what is stored, which another tab may have changed.
 * 2. What cannot be read, or is of another shape than this, counts as nothing.
 * 3. It is forgotten by its owner, or once an account has taken it over (`takeOver.svelte.ts`).
 */

import type { GuestCartLine, LatLon, Quote } from './api/types'
import { MOST } from './choice'
import { Problem } from './problem'
import { uuid } from './uuid'

/** The most lines of a cart, as the server allows. */
const MOST_LINES = 50

/** A dish as it was when the guest put it in; the server prices it anew. */
export interface Dish {
  menu_id: string
  name: string
  /** What one costs with its options, in won. */
  unit_won: number
  quantity: number
  options: { option_id: string; name: string; quantity: number }[]
}

export type GuestLine = Dish & { id: string }

export interface GuestCart {
  /** Names this cart when an account takes it over, so that it is taken once. */
  id: string
  restaurant_id: string
  restaurant_name: string
  fulfilment: Quote['fulfilment']
  lines: GuestLine[]
  /** It was offered to an account: what is put in from now on makes it another cart. */
  isOffered?: boolean
}

export interface GuestPlace {
  name: string
  position: LatLon
}

/** A value of this browser, which all tabs follow. */
export class Stored<T> {
  now = $state.raw<T | null>(null)

  constructor(
    private readonly key: string,
    private readonly isValid: (value: unknown) => value is T,
  ) {
    this.now = this.#read()
    addEventListener('storage', (event) => {
      // Everything was cleared where it names none.
      if (event.key === key || event.key === null) this.now = this.#read()
    })
  }

  /** The value by now, also where another tab has just changed it. */
  newest(): T | null {
    return (this.now = this.#read())
  }

  /** `null` forgets it. */
  set(value: T | null): void {
    this.now = value
    if (value === null) localStorage.removeItem(this.key)
    else localStorage.setItem(this.key, JSON.stringify(value))
  }

  #read(): T | null {
    try {
      const value: unknown = JSON.parse(localStorage.getItem(this.key) ?? 'null')
      return this.isValid(value) ? value : null
    } catch {
      return null
    }
  }
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
const MOST_WON = 1e9

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null
const isId = (value: unknown) => typeof value === 'string' && UUID.test(value)
const isCount = (value: unknown) => Number.isInteger(value) && (value as number) >= 1 && (value as number) <= MOST
const isWon = (value: unknown) => Number.isInteger(value) && (value as number) >= 0 && (value as number) <= MOST_WON

const isOption = (value: unknown) =>
  isRecord(value) && isId(value['option_id']) && typeof value['name'] === 'string' && isCount(value['quantity'])

const isLine = (value: unknown) =>
  isRecord(value) &&
  isId(value['id']) &&
  isId(value['menu_id']) &&
  typeof value['name'] === 'string' &&
  isWon(value['unit_won']) &&
  isCount(value['quantity']) &&
  Array.isArray(value['options']) &&
  value['options'].every(isOption)

export const isGuestCart = (value: unknown): value is GuestCart =>
  isRecord(value) &&
  isId(value['id']) &&
  isId(value['restaurant_id']) &&
  typeof value['restaurant_name'] === 'string' &&
  (value['fulfilment'] === 'delivery' || value['fulfilment'] === 'pickup') &&
  Array.isArray(value['lines']) &&
  value['lines'].length >= 1 &&
  value['lines'].length <= MOST_LINES &&
  value['lines'].every(isLine)

export const isGuestPlace = (value: unknown): value is GuestPlace =>
  isRecord(value) &&
  typeof value['name'] === 'string' &&
  isRecord(value['position']) &&
  Number.isFinite(value['position']['lat']) &&
  Number.isFinite(value['position']['lon'])

export const guestCart = new Stored('baedal.guest.cart', isGuestCart)
export const guestPlace = new Stored('baedal.guest.place', isGuestPlace)

/** What tells two lines of a cart apart. */
function contents({ menu_id, options }: Dish): string {
  return JSON.stringify([menu_id, options.map((one) => [one.option_id, one.quantity]).toSorted()])
}

/** Another cart for the account that it is offered to, if it was offered as it is. */
function changed(cart: GuestCart, lines: GuestLine[]): GuestCart {
  const { isOffered, ...rest } = cart
  return { ...rest, lines, ...(isOffered ? { id: uuid() } : {}) }
}

/**
 * Puts a dish in; equal ones join. Throws the refusals that the server has for an account's cart. Answers how
 * to take it out again; not where it replaced another restaurant's dishes.
 */
export function putIn(restaurant: { id: string; name: string }, dish: Dish, replace: boolean): (() => void) | undefined {
  const before = guestCart.newest()
  const isOther = before !== null && before.restaurant_id !== restaurant.id
  if (isOther && !replace) throw new Problem({ type: 'cart.other_restaurant', status: 409 })
  const cart: GuestCart =
    before && !isOther
      ? before
      : { id: uuid(), restaurant_id: restaurant.id, restaurant_name: restaurant.name, fulfilment: before?.fulfilment ?? 'delivery', lines: [] }
  const equal = cart.lines.find((line) => contents(line) === contents(dish))
  if (!equal && cart.lines.length >= MOST_LINES) {
    throw new Problem({ type: 'cart.too_many_lines', status: 409, params: { max: MOST_LINES } })
  }
  const id = equal?.id ?? uuid()
  const was = equal?.quantity ?? 0
  const line = { ...dish, id, quantity: Math.min(was + dish.quantity, MOST) }
  guestCart.set(changed(cart, equal ? cart.lines.map((one) => (one.id === id ? line : one)) : [...cart.lines, line]))
  return isOther ? undefined : () => setQuantity(id, was)
}

/** 0 takes the line out; a cart without lines is none. */
export function setQuantity(lineId: string, quantity: number): void {
  const cart = guestCart.newest()
  if (!cart) return
  const lines = cart.lines.map((line) => (line.id === lineId ? { ...line, quantity } : line)).filter((line) => line.quantity > 0)
  guestCart.set(lines.length > 0 ? changed(cart, lines) : null)
}

/** Brings back a line that was taken out, unless another restaurant's dishes are in the cart by now. */
export function putBack(from: GuestCart, line: GuestLine): void {
  const cart = guestCart.newest() ?? { ...from, id: uuid(), lines: [] }
  if (cart.restaurant_id !== from.restaurant_id || cart.lines.some((one) => one.id === line.id)) return
  guestCart.set(changed(cart, [...cart.lines, line]))
}

export function chooseFulfilment(fulfilment: GuestCart['fulfilment']): void {
  const cart = guestCart.newest()
  if (cart) guestCart.set({ ...cart, fulfilment })
}

/** The sum of its dishes as they were put in, in won. */
export function subtotalWon({ lines }: GuestCart): number {
  return lines.reduce((sum, line) => sum + line.quantity * line.unit_won, 0)
}

/** The lines as the server takes them. */
export function linesOf({ lines }: GuestCart): GuestCartLine[] {
  return lines.map(({ id, menu_id, quantity, options }) => ({
    id,
    menu_id,
    quantity,
    options: options.map(({ option_id, quantity }) => ({ option_id, quantity })),
  }))
}
