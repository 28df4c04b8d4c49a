/** The half-hours of one day for which a cart can be ordered, as its customer wants it: delivered or collected. */

import type { OrderSlot, Page } from './api/types'
import { Resource } from './loaded.svelte'
import type { Rest } from './rest'
import type { Shop } from './shop.svelte'
import { dayOf } from './slot'

export class Slots {
  list = $state.raw(new Resource<OrderSlot[]>())
  #day = $state('')
  #of = ''

  constructor(
    private readonly rest: Rest,
    private readonly shop: Shop,
  ) {}

  /** Reads them. Those of another day, restaurant or place are not shown meanwhile. */
  async load(restaurantId: string, day: string): Promise<void> {
    const to = this.shop.wishes.fulfilment === 'delivery' ? this.shop.address?.position : null
    const query = { day, lat: to?.lat, lon: to?.lon }
    const of = JSON.stringify([restaurantId, query])
    if (of !== this.#of) this.list = new Resource()
    this.#of = of
    this.#day = day
    await this.list.load(async () => (await this.rest.get<Page<OrderSlot>>(`/v1/restaurants/${restaurantId}/slots`, query)).items)
  }

  /** Whether a slot cannot be had any more; `false` while that is not known. */
  isGone(slot: string): boolean {
    const { now } = this.list
    if (dayOf(slot) !== this.#day) return false
    return now.state === 'empty' || (now.state === 'ready' && !now.value.some(({ starts_at, full }) => starts_at === slot && !full))
  }
}
