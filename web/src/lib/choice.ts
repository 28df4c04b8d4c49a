/** The options a customer picks for one dish, by the rules of its option groups. */

import type { Menu, OptionGroup } from './api/types'

/** Quantity by option id. */
export type Choice = Record<string, number>

/** Most of one dish in a line, as the cart allows. */
export const MOST = 99

/**
 * What is chosen before anybody touches it: what the restaurant says, or the first option of a group
 * that wants one. Nothing that costs is.
 */
export function firstChoice(menu: Menu): Choice {
  const choice: Choice = {}
  for (const group of menu.option_groups) {
    const free = group.options.filter((option) => !option.sold_out && option.price_won === 0)
    const said = free.filter((option) => option.is_default)
    const first = group.min === 1 && group.max === 1 ? free.slice(0, 1) : []
    for (const option of said.length > 0 ? said : first) choice[option.id] = 1
  }
  return choice
}

export function chosenIn(group: OptionGroup, choice: Choice): number {
  return group.options.reduce((sum, option) => sum + (choice[option.id] ?? 0), 0)
}

/** Whether every group has as many options as it wants. */
export function complete(menu: Menu, choice: Choice): boolean {
  return menu.option_groups.every((group) => {
    const chosen = chosenIn(group, choice)
    return chosen >= group.min && chosen <= group.max
  })
}

/** The group's choice with `optionId` at `quantity`; a group of one swaps instead of adding. */
export function choose(group: OptionGroup, choice: Choice, optionId: string, quantity: number): Choice {
  const next = { ...choice }
  if (group.max === 1) for (const option of group.options) delete next[option.id]
  if (quantity > 0) next[optionId] = quantity
  else delete next[optionId]
  return chosenIn(group, next) <= group.max ? next : choice
}

/** The price in won that the customer sees; the server computes its own. */
export function priceWon(menu: Menu, choice: Choice, quantity: number): number {
  const extra = menu.option_groups.reduce((sum, group) => sum + extraWon(group, choice), 0)
  return quantity * (menu.price_won + extra)
}

/** What the choice in a group adds: the cheapest are free, up to the group's number. */
function extraWon(group: OptionGroup, choice: Choice): number {
  const prices = group.options.flatMap((option) => Array<number>(choice[option.id] ?? 0).fill(option.price_won))
  return prices
    .sort((one, other) => one - other)
    .slice(group.free_up_to)
    .reduce((sum, price) => sum + price, 0)
}
