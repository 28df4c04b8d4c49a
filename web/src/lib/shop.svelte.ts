/** What the customer's pages share: the chosen address and the cart. */

import { getContext, setContext } from 'svelte'
import type { Address, Cart } from './api/types'
import type { Problem } from './problem'
import type { Rest } from './rest'

const CHOSEN = 'baedal.address'

export class Shop {
  addresses = $state<Address[] | null>(null)
  cart = $state<Cart | null>(null)
  /** The order whose payment was refused at checkout, and why: its own page tells it. */
  unpaid = $state.raw<{ orderId: string; problem: Problem } | null>(null)
  #chosen = $state(localStorage.getItem(CHOSEN))

  constructor(private readonly rest: Rest) {}

  /** Where the customer wants the order; `null` until there is an address. */
  get address(): Address | null {
    const all = this.addresses ?? []
    return all.find((one) => one.id === this.#chosen) ?? all.find((one) => one.is_default) ?? all[0] ?? null
  }

  choose(id: string): void {
    this.#chosen = id
    localStorage.setItem(CHOSEN, id)
  }

  async loadAddresses(): Promise<void> {
    this.addresses = (await this.rest.get<{ items: Address[] }>('/v1/users/me/addresses')).items
  }

  async loadCart(): Promise<void> {
    this.cart = await this.rest.get<Cart>('/v1/cart')
  }
}

const KEY = Symbol('shop')

export function provideShop(shop: Shop): void {
  setContext(KEY, shop)
}

export function useShop(): Shop {
  return getContext<Shop>(KEY)
}
