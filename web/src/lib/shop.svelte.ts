/** State shared by the customer's pages, a guest's too: addresses, the cart, and the lists as they were left. */

import { getContext, setContext } from 'svelte'
import type { Address, Cart, Category, LatLon, Order, Page, PaymentMethod, Points, Quote, Restaurant, Suggestion } from './api/types'
import { keepDraft, readDraft } from './drafts'
import { type Dish, guestCart, guestPlace, putIn, subtotalWon } from './guest.svelte'
import { LiveCart } from './liveCart.svelte'
import { known, Resource } from './loaded.svelte'
import { Paged } from './paged.svelte'
import { chosenToPayWith, ONCE } from './paymentMethods'
import type { Problem } from './problem'
import type { Rest } from './rest'

const CHOSEN = 'baedal.address'
const WISHES = 'wishes'

/** A list of restaurants is shown again as it was left for this long: shops open and close. */
const SEARCH_HOLDS_MS = 5 * 60_000

/** The restaurants near a place that fit some words. */
export class Search {
  query = $state('')
  /** Only restaurants of this kind. */
  category = $state<Category | null>(null)
  found = $state.raw<Paged<Restaurant> | null>(null)
  busy = $state(false)
  #newest: Paged<Restaurant> | null = null
  #of: { words: string; category: Category | null; at: LatLon; since: number } | null = null

  constructor(private readonly rest: Rest) {}

  /** Asks, unless it asked the same a moment ago. */
  async show(at: LatLon): Promise<void> {
    const before = this.#of
    const same =
      before?.words === this.query.trim() &&
      before.category === this.category &&
      before.at.lat === at.lat &&
      before.at.lon === at.lon
    const state = this.#newest?.list.now.state
    if (same && (state === 'ready' || state === 'empty') && Date.now() - before.since < SEARCH_HOLDS_MS) return
    await this.ask(at)
  }

  /** Asks; what was found for other words stays until this is answered, what was found elsewhere does not. */
  async ask(at: LatLon): Promise<void> {
    const [words, category] = [this.query.trim(), this.category]
    const moved = this.#of?.at.lat !== at.lat || this.#of.at.lon !== at.lon
    this.#of = { words, category, at, since: Date.now() }
    const asked = new Paged<Restaurant>((cursor) =>
      this.rest.get<Page<Restaurant>>('/v1/restaurants', { ...at, q: words, category: category ?? undefined, cursor }),
    )
    this.#newest = asked
    if (moved || this.found === null) this.found = asked
    this.busy = true
    await asked.load()
    // Words typed since are the ones that count.
    if (this.#newest !== asked) return
    this.found = asked
    this.busy = false
  }

  /** What the words may become, near a place. */
  async suggest(at: LatLon, words: string): Promise<Suggestion[]> {
    return (await this.rest.get<{ items: Suggestion[] }>('/v1/restaurants/suggestions', { ...at, q: words })).items
  }
}

/** How the cart shall be ordered, as far as its owner has said. */
export class Wishes {
  fulfilment = $state<Quote['fulfilment']>('delivery')
  later = $state(false)
  /** The start of the chosen half-hour, as the server says it; empty for none. */
  slot = $state('')
  note = $state('')
  courierNote = $state('')
  contactless = $state(false)
  cutlery = $state(false)
  /** Its owner left from a price, and is back: it has to be asked for again. */
  isBack = $state(false)

  /** Keeps them in this tab: the customer leaves the app and comes back. */
  keep(): void {
    const { fulfilment, later, slot, note, courierNote, contactless, cutlery } = this
    keepDraft(WISHES, { fulfilment, later, slot, note, courierNote, contactless, cutlery })
  }

  /** Those that were kept, if any. */
  static kept(): Wishes {
    const draft = readDraft<Partial<Wishes> | null>(WISHES, null)
    return Object.assign(new Wishes(), draft, { isBack: draft !== null })
  }

  /** The cart is shown again, and they are in it. */
  static arrived(): void {
    keepDraft(WISHES, null)
  }
}

/** A place near which restaurants are looked for. */
export interface Spot {
  id: string
  position: LatLon
}

export class Shop {
  addresses = new Resource<Address[]>()
  cart: LiveCart
  search: Search
  orders: Paged<Order>
  wishes = $state.raw(Wishes.kept())
  methods = new Resource<PaymentMethod[]>()
  points = new Resource<Points>(() => false)
  /** The order whose payment was refused at checkout, and why; the order's page shows it. */
  unpaid = $state.raw<{ orderId: string; problem: Problem } | null>(null)
  /** The order that was placed to be paid in the window: its page opens it, and the window leads back to that page. */
  opensWindow: string | null = null
  #chosen = $state(localStorage.getItem(CHOSEN))
  #payingWith = $state<string | null>(null)

  constructor(
    private readonly rest: Rest,
    /** Nobody is signed in: their cart and their place are this browser's, and nothing is told over the socket. */
    readonly isGuest = false,
  ) {
    this.cart = new LiveCart(rest)
    this.search = new Search(rest)
    this.orders = new Paged((cursor) => rest.get<Page<Order>>('/v1/orders', { cursor }))
  }

  /** The delivery address; `null` unless one is known. */
  get address(): Address | null {
    const all = known(this.addresses.now) ?? []
    return all.find((one) => one.id === this.#chosen) ?? all.find((one) => one.is_default) ?? all[0] ?? null
  }

  /** Where the food is brought to; `null` unless it is known. */
  get place(): Spot | null {
    if (!this.isGuest) return this.address
    const place = guestPlace.now
    return place && { id: `${place.position.lat},${place.position.lon}`, position: place.position }
  }

  /** How many dishes are in the cart, as far as is known. */
  get dishes(): number {
    const lines: { quantity: number }[] = (this.isGuest ? guestCart.now : known(this.cart.now))?.lines ?? []
    return lines.reduce((sum, line) => sum + line.quantity, 0)
  }

  /** What the dishes in the cart cost, in won; `null` unless some are known of. */
  get subtotalWon(): number | null {
    if (this.isGuest) return guestCart.now && subtotalWon(guestCart.now)
    return known(this.cart.now)?.subtotal_won ?? null
  }

  /** Puts a dish into the cart; answers how to take it back, which is not possible where it replaced others. */
  async putIn(restaurant: { id: string; name: string }, dish: Dish, replace: boolean): Promise<(() => void) | undefined> {
    if (this.isGuest) return putIn(restaurant, dish, replace)
    const before = known(this.cart.now)?.lines ?? []
    const cart = await this.cart.command(() =>
      this.rest.post<Cart>('/v1/cart/lines', {
        restaurant_id: restaurant.id,
        menu_id: dish.menu_id,
        quantity: dish.quantity,
        options: dish.options.map(({ option_id, quantity }) => ({ option_id, quantity })),
        ...(replace ? { replace: true } : {}),
      }),
    )
    const was = (lineId: string) => before.find((line) => line.id === lineId)?.quantity ?? 0
    const line = cart.lines.find((line) => line.quantity > was(line.id))
    // What another restaurant's cart held cannot be brought back.
    return line && !replace ? () => this.#takeBack(line.id, was(line.id)) : undefined
  }

  #takeBack(lineId: string, quantity: number): void {
    void this.cart
      // Whatever else was put in since.
      .command(() => this.rest.patch<Cart>(`/v1/cart/lines/${lineId}`, { quantity }, { ifMatch: '*' }))
      .catch(() => this.loadCart())
  }

  choose(id: string): void {
    this.#chosen = id
    localStorage.setItem(CHOSEN, id)
  }

  /** What to pay with; `null` while it is not known what is saved. */
  get payingWith(): PaymentMethod | typeof ONCE | null {
    const { now } = this.methods
    if (now.state === 'loading' || now.state === 'failed') return null
    return chosenToPayWith(known(now) ?? [], this.#payingWith)
  }

  /** `choice` is the id of something saved, or `ONCE`; `null` for what is chosen beforehand. */
  payWith(choice: string | null): void {
    this.#payingWith = choice
  }

  loadMethods(): Promise<void> {
    return this.methods.load(async () => (await this.rest.get<{ items: PaymentMethod[] }>('/v1/payment-methods')).items)
  }

  loadPoints(): Promise<void> {
    return this.points.load(() => this.rest.get<Points>('/v1/points'))
  }

  loadAddresses(): Promise<void> {
    return this.addresses.load(async () => (await this.rest.get<{ items: Address[] }>('/v1/users/me/addresses')).items)
  }

  loadCart(): Promise<void> {
    return this.cart.read()
  }
}

const KEY = Symbol('shop')

/** Gives the pages below the shop of whoever is signed in: `of` is asked each time. */
export function provideShop(of: () => Shop): void {
  setContext(KEY, of)
}

export function useShop(): Shop {
  return getContext<() => Shop>(KEY)()
}
