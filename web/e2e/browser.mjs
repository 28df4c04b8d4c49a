/** Chromium as the story needs it: WebGL in software, no traffic of its own, pictures kept. */

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { chromium } from 'playwright-core'

const artifacts = process.env.ARTIFACTS ?? new URL('artifacts', import.meta.url).pathname
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
 * Whatever the page logs as an error, and every request to another host, fails the story.
 */
export async function person(browser, name, base, options = {}) {
  const context = await browser.newContext({ locale: 'ko-KR', viewport: { width: 1180, height: 900 }, ...options })
  const page = await context.newPage()
  const faults = []
  page.on('pageerror', (error) => faults.push(`${name}: ${error.stack ?? error}`))
  page.on('console', (message) => {
    if (/Content Security Policy/.test(message.text())) faults.push(`${name}: ${message.text()}`)
  })
  page.on('request', (request) => {
    const url = new URL(request.url())
    if (/^(https?|wss?):$/.test(url.protocol) && url.host !== new URL(base).host) {
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
