/** What pages say of points. */

import type { Points } from './api/types'

/** How many the next order can be paid with: it takes the place of the one that is not paid yet. */
export function usable({ available_won, held_won }: Points): number {
  return available_won + held_won
}
