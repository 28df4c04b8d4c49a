/**
 * The apps: one for each role, each with a start page, a manifest and an icon of its own
 * (`apps.json`).
 *
 * The build writes each app's head and manifest from this table, and the list of files that the
 * service worker keeps for the time without network.
 */

import apps from './apps.json' with { type: 'json' }

export interface App {
  /** Where its start page is. Session, routes and service worker belong to this path. */
  path: string
  /** What a home screen calls it. */
  name: string
  /** The colour of its icon and of the browser's frame. */
  color: string
}

export type AppName = keyof typeof apps

export const APPS: Record<AppName, App> = apps
