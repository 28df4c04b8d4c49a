/**
 * The customer's cart, as any of their devices leaves it.
 *
 * Its channel tells versions, and whoever holds an older one reads the cart again:
 * 1. A change of this device is answered with its version, so its own event causes no read, also where the
 *    event is faster than the answer: what is told during a change waits for its end.
 * 2. Versions that are told during a read cause one more read at most.
 * 3. An answer that was overtaken by a newer version is not shown.
 */

import type { Cart } from './api/types'
import { problemOf, Resource } from './loaded.svelte'
import { Problem } from './problem'
import type { Realtime } from './realtime'
import type { Rest } from './rest'

export class LiveCart extends Resource<Cart> {
  /** The version that is shown. */
  #version = -1
  /** The newest version that the channel told. */
  #told = -1
  /** How many changes of this device are under way. */
  #changes = 0

  constructor(private readonly rest: Rest) {
    super((cart) => cart.lines.length === 0)
  }

  /** Follows the user's cart until the returned function is called. */
  follow(realtime: Realtime, userId: string): () => void {
    const tell = (data: unknown) => this.#tell((data as { version: number }).version)
    return realtime.subscribe(`cart:${userId}`, {
      snapshot: tell,
      event: ({ data }) => tell(data),
      // The events that were missed follow, but a read that failed meanwhile is told by nobody.
      resumed: () => this.#tell(this.#told),
    })
  }

  async read(): Promise<void> {
    const before = this.#told
    await this.load(() => this.rest.get<Cart>('/v1/cart'))
    // What was told before the read is in its answer, whatever version that names: asking again changes nothing.
    if (this.#told > before) this.#catchUp()
  }

  /** Runs a command; the cart is the one that it answers, or is read where it answers none. */
  async command<T extends Cart | void>(work: () => Promise<T>): Promise<T> {
    this.#changes++
    try {
      const cart = await work()
      if (cart) this.set(cart)
      else await this.read()
      return cart
    } catch (thrown) {
      // Another device was faster: the cart that was to be changed is an older one.
      if (Problem.from(thrown).isStale) await this.read()
      throw thrown
    } finally {
      this.#changes--
      this.#catchUp()
    }
  }

  protected override take(cart: Cart): void {
    if (cart.version < this.#version) return
    this.#version = cart.version
    super.take(cart)
  }

  #tell(version: number): void {
    this.#told = Math.max(this.#told, version)
    if (problemOf(this.now) && !this.busy) void this.read()
    else this.#catchUp()
  }

  /** Reads the cart if a newer version is known of. A read or a change under way looks again at its end. */
  #catchUp(): void {
    if (this.#told > this.#version && this.#changes === 0 && !this.busy) void this.read()
  }
}
