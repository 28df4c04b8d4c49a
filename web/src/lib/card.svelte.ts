/**
 * A restaurant's card while its owner edits it.
 *
 * Every change is meant for the version that is shown: if somebody else was faster it is refused, and
 * the card is read anew.
 */

import type { Menu, MenuBoard, MenuGroup, OptionGroup } from './api/types'
import { known, Resource } from './loaded.svelte'
import type { Rest } from './rest'
import type { Said } from './soldOut.svelte'

interface Changed {
  version: number
  id?: string
}

export class CardEditor {
  readonly card = new Resource<MenuBoard>(() => false)
  #restaurant = ''

  constructor(private readonly rest: Rest) {}

  get version(): number {
    return known(this.card.now)?.version ?? 0
  }

  get groups(): MenuGroup[] {
    return known(this.card.now)?.groups ?? []
  }

  /** The dish as it stands now. */
  menu(id: string): Menu | undefined {
    return this.groups.flatMap((group) => group.menus).find((menu) => menu.id === id)
  }

  async load(restaurant: string): Promise<void> {
    this.#restaurant = restaurant
    await this.card.load(() => this.#read())
  }

  #read(): Promise<MenuBoard> {
    return this.rest.get<MenuBoard>(`/v1/restaurants/${this.#restaurant}/card`)
  }

  get #ifMatch(): { ifMatch: string } {
    return { ifMatch: `"${this.version}"` }
  }

  /** Makes a change, and reads the card anew; also if it was refused because the card is another one. */
  async #change(work: () => Promise<Changed>): Promise<string | undefined> {
    try {
      return (await work()).id
    } finally {
      await this.card.load(() => this.#read())
    }
  }

  /** The dish or option is known to be sold out, or not. */
  mark(id: string, said: Said): void {
    this.card.change((card) => ({ ...card, groups: marked(card.groups, id, said) }))
  }

  add(below: string, draft: unknown): Promise<string | undefined> {
    return this.#change(() => this.rest.post<Changed>(below, draft, this.#ifMatch))
  }

  addGroup(draft: unknown): Promise<string | undefined> {
    return this.add(`/v1/restaurants/${this.#restaurant}/menu-groups`, draft)
  }

  put(path: string, draft: unknown): Promise<string | undefined> {
    return this.#change(() => this.rest.put<Changed>(path, draft, this.#ifMatch))
  }

  remove(path: string): Promise<string | undefined> {
    return this.#change(() => this.rest.delete<Changed>(path, this.#ifMatch))
  }

  upload(menu: string, file: Blob): Promise<string | undefined> {
    return this.#change(() => this.rest.upload<Changed>(`/v1/menus/${menu}/picture`, file, { ifMatch: '*' }))
  }

  orderGroups(ids: string[]): Promise<string | undefined> {
    return this.put(`/v1/restaurants/${this.#restaurant}/menu-groups/order`, { ids })
  }

  orderMenus(group: MenuGroup, ids: string[]): Promise<string | undefined> {
    // What is seen moves at once; the answer says whether it did.
    this.card.change((card) => ({ ...card, groups: moved(card.groups, group.id, ids) }))
    return this.put(`/v1/menu-groups/${group.id}/menus/order`, { ids })
  }

  orderOptions(group: OptionGroup, ids: string[]): Promise<string | undefined> {
    return this.put(`/v1/option-groups/${group.id}/options/order`, { ids })
  }
}

/** The groups with what is said of one dish or option. */
export function marked(groups: MenuGroup[], id: string, said: Said): MenuGroup[] {
  const mark = <T extends { id: string }>(thing: T): T => {
    if (thing.id !== id) return thing
    return { ...thing, sold_out: said.sold_out, sold_out_until: said.sold_out_until ?? null }
  }
  return groups.map((group) => ({
    ...group,
    menus: group.menus.map((menu) => ({
      ...mark(menu),
      option_groups: menu.option_groups.map((options) => ({ ...options, options: options.options.map(mark) })),
    })),
  }))
}

/** The groups with these dishes, from wherever they stand, in this order in one of them. */
export function moved(groups: MenuGroup[], into: string, ids: string[]): MenuGroup[] {
  const all = new Map(groups.flatMap((group) => group.menus).map((menu) => [menu.id, menu]))
  const named = ids.map((id) => all.get(id)).filter((menu) => menu !== undefined)
  return groups.map((group) => ({
    ...group,
    menus: group.id === into ? named : group.menus.filter((menu) => !ids.includes(menu.id)),
  }))
}

/** The ids with the one at `from` at the place `to`. */
export function placed<T>(ids: T[], from: number, to: number): T[] {
  const next = [...ids]
  const [one] = next.splice(from, 1)
  if (one !== undefined) next.splice(to, 0, one)
  return next
}

/** Origins as an owner types them: one a line, `닭고기: 국내산`. */
export function readOrigins(text: string): { ingredient: string; origin: string }[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map((line) => {
      const [ingredient = '', ...rest] = line.split(':')
      return { ingredient: ingredient.trim(), origin: rest.join(':').trim() }
    })
}

export function writeOrigins(origins: { ingredient: string; origin: string }[]): string {
  return origins.map(({ ingredient, origin }) => `${ingredient}: ${origin}`).join('\n')
}
