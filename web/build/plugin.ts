/** Writes what the pages have in common: frames, heads, manifests, and the list of each shell. */

import type { HtmlTagDescriptor, Plugin } from 'vite'
import { APPS, type AppName } from './apps.ts'

/** The app whose start page a file is: `owner/index.html` is the owner's. */
function appOf(file: string): AppName | null {
  const found = Object.entries(APPS).find(([, { path }]) => file === `${path.slice(1)}index.html`)
  return (found?.[0] as AppName | undefined) ?? null
}

type Tags = HtmlTagDescriptor[]

/** What every page has: how it is read, where it is drawn, and words for who has no scripts. */
const FRAME: Tags = [
  { tag: 'meta', attrs: { charset: 'utf-8' }, injectTo: 'head-prepend' },
  { tag: 'meta', attrs: { name: 'viewport', content: 'width=device-width, initial-scale=1, viewport-fit=cover' }, injectTo: 'head' },
  { tag: 'meta', attrs: { name: 'color-scheme', content: 'light dark' }, injectTo: 'head' },
  { tag: 'div', attrs: { id: 'app' }, injectTo: 'body-prepend' },
  { tag: 'noscript', children: '이 페이지는 JavaScript가 필요합니다. This page needs JavaScript.', injectTo: 'body-prepend' },
]

/** What an app's page has of its own; the gallery is no app, and borrows the customer's icon. */
function head(name: AppName | null): Tags {
  const icon = `/icons/${name ?? 'customer'}`
  const own: Tags = [
    { tag: 'title', children: name ? APPS[name].name : 'Baedal · UI' },
    { tag: 'link', attrs: { rel: 'icon', href: `${icon}.svg`, type: 'image/svg+xml' } },
  ]
  if (name) {
    own.push(
      { tag: 'meta', attrs: { name: 'theme-color', content: APPS[name].color } },
      { tag: 'link', attrs: { rel: 'apple-touch-icon', href: `${icon}-180.png` } },
      { tag: 'link', attrs: { rel: 'manifest', href: `${APPS[name].path}manifest.webmanifest` } },
    )
  }
  return own.map((tag) => ({ ...tag, injectTo: 'head' }))
}

function manifest(name: AppName) {
  const { path, color, name: title } = APPS[name]
  const png = (size: number) => ({ src: `/icons/${name}-${size}.png`, sizes: `${size}x${size}`, type: 'image/png' })
  return {
    id: path,
    name: title,
    short_name: title,
    lang: 'ko',
    start_url: path,
    scope: path,
    display: 'standalone',
    theme_color: color,
    background_color: '#f4f6f6',
    icons: [
      png(192),
      png(512),
      { ...png(512), purpose: 'maskable' },
      { src: `/icons/${name}.svg`, sizes: 'any', type: 'image/svg+xml' },
    ],
  }
}

export function apps(): Plugin {
  return {
    name: 'baedal-apps',
    transformIndexHtml: {
      order: 'pre',
      handler: (_, { path }) => [...FRAME, ...head(appOf(path.replace(/^\//, '')))],
    },
    generateBundle(_, bundle) {
      /** A script with its styles, and all that it imports at once. */
      const shell = (fileName: string, seen: Set<string>) => {
        if (seen.has(fileName)) return
        const chunk = bundle[fileName]
        if (chunk?.type !== 'chunk') return
        seen.add(fileName)
        for (const style of chunk.viteMetadata?.importedCss ?? []) seen.add(style)
        for (const imported of chunk.imports) shell(imported, seen)
      }
      const shells: Record<string, string[]> = {}
      for (const name of Object.keys(APPS) as AppName[]) {
        const { path } = APPS[name]
        const files = new Set<string>()
        for (const chunk of Object.values(bundle)) {
          if (chunk.type === 'chunk' && chunk.isEntry && appOf(relative(chunk.facadeModuleId)) === name) {
            shell(chunk.fileName, files)
            // What is loaded after signing in belongs to the shell; maps, charts and fonts do not.
            for (const app of chunk.dynamicImports) shell(app, files)
          }
        }
        shells[path] = [...files].map((file) => `/${file}`)
        this.emitFile({
          type: 'asset',
          fileName: `${path.slice(1)}manifest.webmanifest`,
          source: JSON.stringify(manifest(name)),
        })
      }
      this.emitFile({ type: 'asset', fileName: 'shells.json', source: JSON.stringify(shells) })
    },
  }
}

const root = new URL('..', import.meta.url).pathname

function relative(file: string | null): string {
  return (file ?? '').replace(root, '')
}
