/** Chromium as the story needs it: WebGL in software, no traffic of its own, pictures kept. */

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { chromium } from 'playwright-core'

/** Where pictures are kept. */
export const artifacts = process.env.ARTIFACTS ?? new URL('artifacts', import.meta.url).pathname
mkdirSync(artifacts, { recursive: true })

const ARGS = [
  '--no-sandbox',
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
]

export function launch() {
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ARGS })
}

/**
 * A person at a page: a browser profile of their own.
 * Whatever the page logs as an error, and every request to another host than `hosts`, fails the story.
 */
export async function person(browser, name, base, { hosts = [], ...options } = {}) {
  const context = await browser.newContext({
    locale: 'ko-KR',
    viewport: { width: 1180, height: 900 },
    // A service worker's requests are not the page's: a story that needs one says so.
    serviceWorkers: 'block',
    ...options,
  })
  const page = await context.newPage()
  const faults = []
  page.on('pageerror', (error) => faults.push(`${name}: ${error.stack ?? error}`))
  page.on('console', (message) => {
    if (/Content Security Policy/.test(message.text())) faults.push(`${name}: ${message.text()}`)
  })
  page.on('request', (request) => {
    const url = new URL(request.url())
    if (/^(https?|wss?):$/.test(url.protocol) && ![new URL(base).host, ...hosts].includes(url.host)) {
      faults.push(`${name} asked another host: ${url.href}`)
    }
  })
  let pictures = 0
  return {
    page,
    context,
    faults,
    picture: (what, fullPage = false) =>
      page.screenshot({ path: join(artifacts, `${name}-${++pictures}-${what}.png`), fullPage }),
  }
}

/** Waits until `see` holds; says what was last seen when it does not. */
export async function until(what, see, timeoutMs = 20_000) {
  const end = Date.now() + timeoutMs
  let last
  while (Date.now() < end) {
    last = await see()
    if (last === true) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error(`${what}: not within ${timeoutMs} ms; last seen: ${JSON.stringify(last)}`)
}

/** The page's live connection in the story's hand: call it before the page is opened. */
export async function breakable(page) {
  const sockets = []
  let down = false
  await page.routeWebSocket(/\/v1\/realtime/, (socket) => {
    if (down) return void socket.close({ code: 1001 })
    socket.connectToServer()
    sockets.push(socket)
  })
  return {
    /** Closes it, and every one that is tried. */
    down: async () => {
      down = true
      for (const socket of sockets.splice(0)) await socket.close({ code: 1001 })
    },
    /** Lets the next one through, which the page tries when it sees fit. */
    allow: () => (down = false),
    /** Lets the next one through, and has the page try it at once. */
    up: async () => {
      down = false
      await page.evaluate(() => window.dispatchEvent(new Event('online')))
    },
  }
}

/** What the page's map shows: its width, and red, green, blue and alpha of each pixel. */
export async function pixels(page) {
  const picture = (await page.locator('[data-map] canvas').screenshot()).toString('base64')
  const { width, data } = await page.evaluate(async (picture) => {
    const image = new Image()
    image.src = `data:image/png;base64,${picture}`
    await image.decode()
    const canvas = new OffscreenCanvas(image.width, image.height)
    const context = canvas.getContext('2d')
    context.drawImage(image, 0, 0)
    const { data } = context.getImageData(0, 0, image.width, image.height)
    let text = ''
    for (let at = 0; at < data.length; at += 8192) text += String.fromCharCode(...data.subarray(at, at + 8192))
    return { width: image.width, data: btoa(text) }
  }, picture)
  return { width, data: Buffer.from(data, 'base64') }
}
