/**
 * Keeps the shell of the app whose scope it serves, so that its pages open without network.
 *
 * - A page is asked of the network first, and comes from the cache only where that fails: nobody
 *   runs an old app while the new one can be reached.
 * - Assets carry a hash of their content in their names: what is cached is what would come.
 * - Answers of the API are never kept here: the pages say themselves how old what they show is.
 */

import { ExpirationPlugin } from 'workbox-expiration'
import { registerRoute } from 'workbox-routing'
import { CacheFirst, NetworkFirst } from 'workbox-strategies'

declare const self: ServiceWorkerGlobalScope

const PAGES = 'pages'
const ASSETS = 'assets'
/** Longer than this nobody waits for a page that is cached, in seconds. */
const PATIENCE_SECS = 3
/** Enough for two builds of all apps with their fonts. */
const ASSETS_MOST = 400

const start = new URL(self.registration.scope).pathname

self.addEventListener('install', (event) => {
  event.waitUntil(keepShell())
})

async function keepShell(): Promise<void> {
  const shells = (await (await fetch('/shells.json')).json()) as Record<string, string[]>
  const [pages, assets] = await Promise.all([caches.open(PAGES), caches.open(ASSETS)])
  await Promise.all([pages.add(start), assets.addAll(shells[start] ?? [])])
}

const page = new NetworkFirst({
  cacheName: PAGES,
  networkTimeoutSeconds: PATIENCE_SECS,
  matchOptions: { ignoreSearch: true, ignoreVary: true },
  // What the payment window puts into the address is kept nowhere.
  plugins: [{ cacheKeyWillBeUsed: () => Promise.resolve(start) }],
})

registerRoute(({ request, url }) => request.mode === 'navigate' && url.pathname === start, page)

registerRoute(
  ({ url, sameOrigin }) => sameOrigin && /^\/(assets|icons)\//.test(url.pathname),
  new CacheFirst({
    cacheName: ASSETS,
    // One name has one content, however it was asked for.
    matchOptions: { ignoreVary: true },
    plugins: [new ExpirationPlugin({ maxEntries: ASSETS_MOST })],
  }),
)
