/** The routes of the account area: they go into those of every app. */

import type { RouteTo } from '../../lib/router.svelte'
import Account from './Account.svelte'
import { SECTIONS } from './sections'

export const accountRoutes: RouteTo[] = [
  { path: 'account', page: Account },
  ...SECTIONS.flatMap(({ path, page }) => (page ? [{ path: `account/${path}`, page }] : [])),
]
