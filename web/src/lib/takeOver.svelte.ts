/**
 * What a guest put into the cart of this browser becomes the account's once they have signed in.
 *
 * 1. The guest's cart is forgotten only after the server has answered, or by its owner's word.
 * 2. One tab does it at a time: the others wait, and find nothing when it is done. Whoever has to answer is
 *    asked in one tab.
 * 3. Repeating it is harmless: a cart has a key of its own, and of equal lines the larger quantity counts.
 * 4. Without network it is tried again when there is one, or when the app is opened next.
 */

import type { CartMerge, CartMerged } from './api/types'
import { type GuestCart, guestCart, linesOf } from './guest.svelte'
import { Problem } from './problem'
import type { Rest } from './rest'
import type { Shop } from './shop.svelte'

const LOCK = 'baedal.guest.cart'

/** `take` tries it, and again in place of another restaurant's dishes; `drop` forgets the guest's cart. */
export type Answer = 'take' | 'drop'

export class TakeOver {
  /** Why the account's cart could not take it, until its owner has answered. */
  refusal = $state.raw<Problem | null>(null)
  busy = $state(false)
  readonly #left = new AbortController()
  #isWaiting = false
  #answered: ((answer: Answer | 'leave') => void) | undefined

  constructor(
    private readonly rest: Rest,
    private readonly shop: Shop,
    /** It was taken: the names of dishes that could not be had, and whether others could. */
    private readonly taken: (leftOut: string[], any: boolean) => void,
  ) {}

  /** Offers the guest's cart, if there is one. */
  async start(): Promise<void> {
    if (this.#isWaiting || !guestCart.newest()) return
    this.#isWaiting = true
    try {
      await this.#alone(() => this.#offer())
    } catch {
      // It was left while it waited for another tab.
    } finally {
      this.#isWaiting = false
    }
  }

  answer(answer: Answer): void {
    this.#answered?.(answer)
  }

  /** Its user left: another tab may ask. */
  leave(): void {
    this.#left.abort()
    this.#answered?.('leave')
  }

  async #offer(): Promise<void> {
    let replace = false
    for (let tries = 0; !this.#left.signal.aborted; tries++) {
      const cart = guestCart.newest()
      if (!cart) return
      const refusal = await this.#send(cart, replace, tries)
      if (!refusal || isPassing(refusal)) return
      const answer = await this.#ask(refusal)
      if (answer === 'drop') guestCart.set(null)
      if (answer !== 'take') return
      replace = refusal.type === 'cart.other_restaurant'
    }
  }

  /** `null` where it was taken. */
  async #send(cart: GuestCart, replace: boolean, tries: number): Promise<Problem | null> {
    guestCart.set({ ...cart, isOffered: true })
    this.busy = true
    try {
      const body: CartMerge = { restaurant_id: cart.restaurant_id, lines: linesOf(cart), replace }
      // What its owner says after a refusal is another request.
      const idempotencyKey = tries === 0 ? cart.id : `${cart.id}-${tries}${replace ? '-replace' : ''}`
      let leftOut: string[] = []
      await this.shop.cart.command(async () => {
        const merged = await this.rest.post<CartMerged>('/v1/cart/merge', body, { idempotencyKey })
        guestCart.set(null)
        leftOut = merged.left_out.map(({ pointer }) => nameAt(cart, pointer))
        return merged.cart
      })
      this.shop.wishes.fulfilment = cart.fulfilment
      this.taken(leftOut, leftOut.length < cart.lines.length)
      return null
    } catch (thrown) {
      return Problem.from(thrown)
    } finally {
      this.busy = false
    }
  }

  async #ask(refusal: Problem): Promise<Answer | 'leave'> {
    this.refusal = refusal
    const answer = await new Promise<Answer | 'leave'>((resolve) => (this.#answered = resolve))
    this.refusal = null
    return answer
  }

  /** Runs in one tab at a time if the browser has locks (it does on https and localhost). */
  async #alone(work: () => Promise<void>): Promise<void> {
    if (navigator.locks) await navigator.locks.request(LOCK, { signal: this.#left.signal }, work)
    else await work()
  }
}

/** No word of the server about the cart: it is tried again later. */
function isPassing({ type, status }: Problem): boolean {
  return type === 'client.unreachable' || status === 401 || status === 429 || status >= 500
}

/** The name of the line at a pointer like `/lines/0192…`. */
function nameAt({ lines }: GuestCart, pointer: string): string {
  const id = pointer.split('/')[2]
  return lines.find((line) => line.id === id)?.name ?? ''
}
