/**
 * People of a story who came by the REST interface: signed in, with an address or a cart,
 * before their first page opens.
 */

import assert from 'node:assert/strict'
import { launch, person } from './browser.mjs'

export const base = (process.env.BASE_URL ?? 'http://127.0.0.1:9102').replace(/\/$/, '')
const demoPassword = process.env.DEMO_PASSWORD ?? 'baedal-demo-2026'

/** Tells a story in a browser of its own; pages that log errors fail it, and pictures stay. */
export async function tell(name, story) {
  const browser = await launch()
  const people = []
  const join = async (...args) => {
    const one = await person(browser, args[0], base, args[1])
    people.push(one)
    return one
  }
  try {
    await story(join)
    const faults = people.flatMap((one) => one.faults)
    assert.deepEqual(faults, [], 'the pages were not quiet')
    console.log(`  ${name}: told.`)
  } catch (failure) {
    for (const one of people) await one.picture('failure').catch(() => undefined)
    console.error(failure)
    for (const fault of people.flatMap((one) => one.faults)) console.error(fault)
    process.exitCode = 1
  } finally {
    await browser.close()
  }
}

async function call(method, path, body, tokens) {
  const headers = { 'content-type': 'application/json', 'idempotency-key': crypto.randomUUID() }
  if (tokens) headers.authorization = `Bearer ${tokens.access_token}`
  const response = await fetch(base + path, { method, headers, body: body && JSON.stringify(body) })
  const text = await response.text()
  assert.ok(response.ok, `${method} ${path}: ${response.status} ${text}`)
  return text === '' ? undefined : JSON.parse(text)
}

export const get = (tokens, path) => call('GET', path, undefined, tokens)
export const post = (tokens, path, body) => call('POST', path, body, tokens)

const signIn = (email, password) => post(null, '/v1/auth/sign-in', { email, password, device: 'story' })

/** One of the demo city's people. */
export function demo(role) {
  const email = process.env[`${role.toUpperCase()}_EMAIL`] ?? `${role}-01@demo.baedal.example`
  return signIn(email, demoPassword)
}

/** A new customer, who lives in the middle of the city. */
export async function customer() {
  const email = `story-${crypto.randomUUID()}@example.com`
  const password = 'correct horse battery 9'
  await post(null, '/v1/users', { email, password, name: '이야기', phone: '010-2345-6789' })
  const tokens = await signIn(email, password)
  const place = (await get(tokens, `/v1/places?q=${encodeURIComponent('역삼')}`)).items[0]
  const address = {
    label: '집',
    road_address: `서울특별시 강남구 ${place.dong}`,
    detail: '101동 1203호',
    entrance_note: '',
    position: place.position,
    is_default: true,
  }
  await post(tokens, '/v1/users/me/addresses', address)
  return { tokens, position: place.position }
}

/** Fills the cart at a restaurant that delivers to `position` now, up to its minimum; answers the restaurant, one of `ids` if given. */
export async function fillCart(tokens, { lat, lon }, ids) {
  const near = await get(tokens, `/v1/restaurants?lat=${lat}&lon=${lon}`)
  const restaurant = near.items.find((one) => one.open_now && one.deliverable && (!ids || ids.includes(one.id)))
  assert.ok(restaurant, 'no restaurant delivers here now')
  const { groups } = await get(tokens, `/v1/restaurants/${restaurant.id}/menus`)
  const menu = groups.flatMap((group) => group.menus).find((one) => !one.sold_out)
  const options = menu.option_groups.flatMap((group) =>
    group.options
      .filter((option) => !option.sold_out)
      .slice(0, group.min)
      .map((option) => ({ option_id: option.id, quantity: 1 })),
  )
  let cart
  do {
    cart = await post(tokens, '/v1/cart/lines', { restaurant_id: restaurant.id, menu_id: menu.id, quantity: 1, options })
  } while (cart.shortfall_won > 0)
  return restaurant
}

/** Puts somebody's session where the pages of an area look for it. */
export function keepSession(context, area, tokens) {
  return context.addInitScript(
    ([key, kept]) => {
      // Renewed since: a refresh token serves once.
      if (!localStorage.getItem(key)) localStorage.setItem(key, kept)
    },
    [`baedal.session.${area}`, JSON.stringify({ ...tokens, expires_at_ms: Date.now() + tokens.expires_in * 1000 })],
  )
}
