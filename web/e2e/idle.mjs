/**
 * Pages that nobody touches ask for nothing, and lists page to their end. Takes `BASE_URL` and the rest as `story.mjs` does.
 */

import assert from 'node:assert/strict'
import { until } from './browser.mjs'
import { everyPage, guestPages, SIGN_IN } from './every-page.mjs'
import { at, base, customer, get, keepSession, tell } from './people.mjs'

const IDLE_MS = 10_000
/** Requests of ten idle seconds: operators' figures are asked for every two, all else comes over the socket. */
const ALLOWED = { operator: 12, 'operator-system': 12 }
const GEOLOCATION = { permissions: ['geolocation'], geolocation: { latitude: 37.5, longitude: 127.03 } }

await tell('Idle pages are quiet', async (join) => {
  const reader = await join('idle', GEOLOCATION)
  const stranger = await join('stranger')
  const guest = await join('guest')
  const { pages } = await everyPage(reader.context)
  const all = [
    ...pages.map((page) => [reader.context, page]),
    ...SIGN_IN.map((page) => [stranger.context, page]),
    ...(await guestPages(guest.context)).map((page) => [guest.context, page]),
  ]
  const open = await Promise.all(
    all.map(async ([context, { name, app, path }]) => {
      const page = await context.newPage()
      const asked = []
      page.on('request', (request) => asked.push(`${request.method()} ${request.url().replace(base, '')}`))
      await page.goto(at(app, path))
      return { name, page, asked }
    }),
  )
  for (const { page } of open) await page.locator('h1').first().waitFor()
  // Settled: maps, fonts and the first answers are there, or a page never comes to rest.
  let before = -1
  await until('the pages come to rest', async () => {
    const now = open.filter(({ name }) => !(name in ALLOWED)).reduce((sum, { asked }) => sum + asked.length, 0)
    const calm = now === before
    before = now
    await new Promise((resolve) => setTimeout(resolve, 2_000))
    return calm || open.map(({ name, asked }) => `${name}: ${asked.length}`)
  }, 60_000)

  for (const { asked } of open) asked.length = 0
  await new Promise((resolve) => setTimeout(resolve, IDLE_MS))
  const loud = open.filter(({ name, asked }) => asked.length > (ALLOWED[name] ?? 0))
  assert.deepEqual(loud.map(({ name, asked }) => [name, asked]), [], 'idle pages asked')
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
  await page.goto(at('customer'))
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
