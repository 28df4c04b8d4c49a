/** The options a customer picks for one dish, by the rules of its option groups. */

import type { Menu, OptionGroup } from './api/types'

/** Quantity by option id. */
export type Choice = Record<string, number>

/** Most of one dish in a line, as the cart allows. */
export const MOST = 99

/** What is chosen before anybody touches it: the first options of groups that want one. */
export function firstChoice(menu: Menu): Choice {
  const choice: Choice = {}
  for (const group of menu.option_groups) {
    const free = group.options.filter((option) => !option.sold_out)
    if (group.min === 1 && group.max === 1 && free[0]) choice[free[0].id] = 1
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
  const options = menu.option_groups.flatMap((group) => group.options)
  const extra = options.reduce((sum, option) => sum + option.price_won * (choice[option.id] ?? 0), 0)
  return quantity * (menu.price_won + extra)
}
