/**
 * How long a phone waits: from the address to the sign-in page, and to the first map of an order,
 * with nothing cached. `node e2e/first-map.mjs [ROUNDS]`; takes `BASE_URL` and the rest as
 * `story.mjs` does. The sign-in page is the baseline: it waits for the same machine and network.
 *
 * The phone has a quarter of this machine's speed and a mobile network: 40 ms there and back, 10 Mbit/s.
 */

import { launch } from './browser.mjs'
import { everyPage } from './every-page.mjs'
import { at } from './people.mjs'

const ROUNDS = Number(process.argv[2] ?? 5)
const NETWORK = { offline: false, latency: 40, downloadThroughput: 1.25e6, uploadThroughput: 6e5 }
const CPU_SLOWER = 4

const browser = await launch()
const phone = () => browser.newContext({ locale: 'ko-KR', viewport: { width: 390, height: 844 }, serviceWorkers: 'block' })

/** Milliseconds from the address until `selector` is there. */
async function wait(context, url, selector) {
  const page = await context.newPage()
  const devtools = await context.newCDPSession(page)
  await devtools.send('Network.enable')
  await devtools.send('Network.emulateNetworkConditions', NETWORK)
  await devtools.send('Emulation.setCPUThrottlingRate', { rate: CPU_SLOWER })
  const began = performance.now()
  await page.goto(url, { waitUntil: 'commit' })
  await page.locator(selector).first().waitFor({ timeout: 60_000 })
  return performance.now() - began
}

const took = { 'sign-in': [], 'first map': [] }
for (let round = 0; round < ROUNDS; round++) {
  const stranger = await phone()
  took['sign-in'].push(await wait(stranger, at('customer'), '[data-testid=sign-in]'))
  await stranger.close()
  const customer = await phone()
  const { placed } = await everyPage(customer)
  took['first map'].push(await wait(customer, at('customer', `orders/${placed.id}`), '[data-ready=true]'))
  await customer.close()
}
await browser.close()

const secs = (ms) => (ms / 1000).toFixed(2)
for (const [what, times] of Object.entries(took)) {
  const sorted = times.toSorted((a, b) => a - b)
  console.log(`${what.padEnd(10)} ${secs(sorted[Math.floor(sorted.length / 2)])} s (${secs(sorted[0])} … ${secs(sorted.at(-1))})`)
}
