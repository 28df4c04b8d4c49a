import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vitest/config'

/** Where `npm run dev` finds a running server. */
const server = process.env.BAEDAL_URL ?? 'http://127.0.0.1:9102'

export default defineConfig({
  plugins: [svelte()],
  build: {
    // MapLibre alone is a megabyte; it is a chunk of its own, loaded with the first map.
    chunkSizeWarningLimit: 1500,
    // A font or an image as `data:` would need a laxer content security policy.
    assetsInlineLimit: 0,
  },
  server: {
    // The boundaries of Seoul are shared with the server and lie beside `web/`.
    fs: { allow: ['..'] },
    proxy: {
      '/v1': { target: server, ws: true },
      '/config.json': server,
    },
  },
  test: { environment: 'node', include: ['src/**/*.test.ts'] },
})
