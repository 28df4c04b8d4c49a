/** An entry of an app's navigation. */

import type { IconName } from '../ui/icons'

export interface NavItem {
  /** The first part of the paths that belong to it; empty for the start page. */
  path: string
  /** The first parts of other paths that belong to it. */
  also?: string[]
  label: () => string
  icon: IconName
  /** How many things wait there. */
  count?: () => number
}
