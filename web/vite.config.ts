import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vitest/config'
import { APPS } from './build/apps.ts'
import { apps } from './build/plugin.ts'

/** Where `npm run dev` finds a running server. */
const server = process.env.BAEDAL_URL ?? 'http://127.0.0.1:9102'

const pages = [...Object.values(APPS).map(({ path }) => path), '/ui/'].map((path) => `${path.slice(1)}index.html`)

/** Parts of the design system that come after signing in. */
const LATER =
  'ActionBar|CardActions|Chips|Choice|Combobox|Contents|Figure|FileButton|Filter|More|NumberField|Pick|PictureChoice|Pill|Range|' +
  'Select|SortableList|Sparkline|Stepper|Table|TextArea|Tile'

/** What the sign-in page of every app needs. */
const CORE = new RegExp(
  `/src/ui/(?!(${LATER})\\.svelte)|` +
    '/src/(app|api)/|vite/preload-helper|/node_modules/(svelte|esm-env|clsx)/|' +
    '/src/lib/(account|api|ask|attention|config|fonts|frames|i18n(?!/(adjusting|adjustment|cancellation|coupons|guest|methods|points|slots))|loaded|problem|realtime|rest|router|session|uuid)\\b',
)

export default defineConfig({
  appType: 'mpa',
  plugins: [svelte(), apps()],
  build: {
    // MapLibre alone is a megabyte; it is a chunk of its own, loaded with the first map.
    chunkSizeWarningLimit: 1500,
    // A font or an image as `data:` would need a laxer content security policy.
    assetsInlineLimit: 0,
    rollupOptions: {
      input: [...pages, 'src/sw/sw.ts'],
      output: {
        // A service worker keeps its name: browsers look there whether it has changed.
        entryFileNames: ({ name }) => (name === 'sw' ? 'sw.js' : 'assets/[name]-[hash].js'),
        // What several apps share comes in two files, not in one for each pair of apps: what
        // signing in needs, and what comes after it.
        codeSplitting: {
          groups: [
            { name: 'core', test: CORE, minShareCount: 2, priority: 2 },
            { name: 'shared', test: /\/src\/(components|lib|ui|pages\/account)\//, minShareCount: 2, priority: 1 },
          ],
        },
      },
    },
  },
  server: {
    // The boundaries of Seoul are shared with the server and are in a folder beside `web/`.
    fs: { allow: ['..'] },
    proxy: {
      '/v1': { target: server, ws: true },
      '/config.json': server,
      '/map': server,
    },
  },
  test: { environment: 'node', include: ['src/**/*.test.ts'] },
})
