/**
 * Pages that nobody touches ask for nothing, lists page to their end, and a failure is told as
 * one. Takes `BASE_URL` and the rest as `story.mjs` does.
 */

import assert from 'node:assert/strict'
import { until } from './browser.mjs'
import { base, customer, demo, fillCart, get, keepSession, post, tell } from './people.mjs'

const IDLE_MS = 10_000
/** Requests of ten idle seconds: operators' figures are asked for every two, all else is told over the socket. */
const ALLOWED = { operator: 12 }

await tell('Idle pages are quiet', async (join) => {
  const guest = await customer()
  const restaurant = await fillCart(guest.tokens, guest.position)
  const address = (await get(guest.tokens, '/v1/users/me/addresses')).items[0]
  const quote = await post(guest.tokens, '/v1/cart/quote', { address_id: address.id })
  const order = await post(guest.tokens, '/v1/orders', { quote_id: quote.quote_id })
  // The order is paid, so that nothing of it expires meanwhile; and the cart is full again.
  await post(guest.tokens, `/v1/orders/${order.id}/payments`, { payment_token: 'tok_success' })
  await fillCart(guest.tokens, guest.position)

  const reader = await join('idle', { permissions: ['geolocation'], geolocation: { latitude: 37.5, longitude: 127.03 } })
  await keepSession(reader.context, 'customer', guest.tokens)
  for (const area of ['courier', 'owner', 'agent', 'operator']) await keepSession(reader.context, area, await demo(area))
  const stranger = await join('stranger')

  const routes = ['', 'cart', 'orders', `orders/${order.id}`, 'addresses', `restaurants/${restaurant.id}`]
  const pages = [
    ...[...routes, 'courier', 'owner', 'agent', 'operator'].map((path) => [reader.context, path]),
    ...['', 'operator'].map((path) => [stranger.context, path]),
  ]
  const open = await Promise.all(
    pages.map(async ([context, path]) => {
      const page = await context.newPage()
      const asked = []
      page.on('request', (request) => asked.push(`${request.method()} ${request.url().replace(base, '')}`))
      await page.goto(`${base}/#/${path}`)
      return { path, page, asked }
    }),
  )
  for (const { page } of open) await page.locator('h1').first().waitFor()
  // Settled: maps, fonts and the first answers are there, or a page never comes to rest.
  let before = -1
  await until('the pages come to rest', async () => {
    const now = open.filter(({ path }) => !(path in ALLOWED)).reduce((sum, { asked }) => sum + asked.length, 0)
    const calm = now === before
    before = now
    await new Promise((resolve) => setTimeout(resolve, 2_000))
    return calm || open.map(({ path, asked }) => `${path}: ${asked.length}`)
  }, 60_000)

  for (const { asked } of open) asked.length = 0
  await new Promise((resolve) => setTimeout(resolve, IDLE_MS))
  const loud = open.filter(({ path, asked }) => asked.length > (ALLOWED[path] ?? 0))
  assert.deepEqual(loud.map(({ path, asked }) => [path, asked]), [], 'idle pages asked')
})

await tell('The restaurants page to their end', async (join) => {
  const guest = await customer()
  const reader = await join('pages')
  await keepSession(reader.context, 'customer', guest.tokens)
  const wanted = new Set()
  for (let cursor = ''; cursor !== null; ) {
    const { lat, lon } = guest.position
    const after = cursor && `&cursor=${encodeURIComponent(cursor)}`
    const page = await get(guest.tokens, `/v1/restaurants?lat=${lat}&lon=${lon}${after}`)
    for (const one of page.items) wanted.add(one.id)
    cursor = page.next_cursor
  }
  assert.ok(wanted.size > 20, 'one page holds them all')

  const { page } = reader
  await page.goto(`${base}/#/`)
  await page.locator('[data-restaurant]').first().waitFor()
  const shown = () => page.locator('[data-restaurant]').evaluateAll((all) => all.map((one) => one.dataset.restaurant))
  const more = page.locator('[data-testid=more]')
  for (let known = await shown(); (await more.count()) > 0; known = await shown()) {
    await more.click()
    await until('the next page comes', async () => (await shown()).length > known.length)
  }
  assert.deepEqual((await shown()).sort(), [...wanted].sort())

  // Words typed while an answer is on its way are the ones that count.
  const name = await page.locator('[data-restaurant] strong').last().textContent()
  await page.locator('input[name=q]').pressSequentially(name, { delay: 120 })
  await until('the search finds it', async () => (await page.locator('[data-restaurant] strong').allTextContents()).every((one) => one === name))
})

await tell('A failure is told, with a way on', async (join) => {
  const guest = await customer()
  const failures = [
    ['500', (route) => route.fulfill({ status: 500, body: '' })],
    ['503', (route) => route.fulfill({ status: 503, contentType: 'application/problem+json', body: '{"type":"unavailable","status":503}' })],
    ['429', (route) => route.fulfill({ status: 429, contentType: 'application/problem+json', body: '{"type":"rate_limited","status":429}' })],
    ['offline', (route) => route.abort('internetdisconnected')],
    ['aborted', (route) => route.abort('aborted')],
  ]
  for (const [name, fail] of failures) {
    const reader = await join(`failing-${name}`)
    await keepSession(reader.context, 'customer', guest.tokens)
    for (const [path, asked] of [['', '**/v1/restaurants?*'], ['orders', '**/v1/orders*']]) {
      const page = await reader.context.newPage()
      await page.route(asked, fail)
      await page.goto(`${base}/#/${path}`)
      const told = page.locator('main [data-problem]')
      await told.waitFor()
      assert.match(await told.textContent(), /[가-힣]/, `${name}: no Korean words`)
      assert.equal(await page.getByText('불러오는 중').count(), 0, `${name}: an error looks like loading`)
      await page.unroute(asked)
      await page.getByRole('button', { name: '다시 시도' }).click()
      await told.waitFor({ state: 'detached' })
      await page.close()
    }
  }
})
