/**
 * People of a story who came by the REST interface: signed in, with an address or a cart,
 * before their first page opens.
 */

import assert from 'node:assert/strict'
import { launch, person, until } from './browser.mjs'

export const base = (process.env.BASE_URL ?? 'http://127.0.0.1:9102').replace(/\/$/, '')
/** The page of an app: `path` is what follows its `#/`. */
export const at = (app, path = '') => `${base}/${app === 'customer' ? '' : `${app}/`}#/${path}`

/** The password of everybody in the demo city. */
export const demoPassword = process.env.DEMO_PASSWORD ?? 'baedal-demo-2026'

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
  if (method === 'PATCH') headers['if-match'] = '*'
  if (tokens) headers.authorization = `Bearer ${tokens.access_token}`
  const response = await fetch(base + path, { method, headers, body: body && JSON.stringify(body) })
  const text = await response.text()
  assert.ok(response.ok, `${method} ${path}: ${response.status} ${text}`)
  return text === '' ? undefined : JSON.parse(text)
}

export const get = (tokens, path) => call('GET', path, undefined, tokens)
export const post = (tokens, path, body) => call('POST', path, body, tokens)
export const patch = (tokens, path, body) => call('PATCH', path, body, tokens)
export const put = (tokens, path, body) => call('PUT', path, body, tokens)
export const remove = (tokens, path) => call('DELETE', path, undefined, tokens)

const signIn = (email, password) => post(null, '/v1/auth/sign-in', { email, password, device: 'story' })

/** One of the demo city's people; a `number` names another one than the stories' own. */
export function demo(role, number) {
  const chosen = number === undefined ? process.env[`${role.toUpperCase()}_EMAIL`] : undefined
  const email = chosen ?? `${role}-${String(number ?? 1).padStart(2, '0')}@demo.baedal.example`
  return signIn(email, demoPassword)
}

/** A new customer, who lives in the middle of the city; `fields` of the address may be given. */
export async function customer(fields = {}) {
  const email = `story-${crypto.randomUUID()}@example.com`
  const password = 'correct horse battery 9'
  const consents = { terms: 1, privacy: 1, location: 1 }
  await post(null, '/v1/users', { email, password, name: '이야기', phone: '010-2345-6789', consents })
  const tokens = await signIn(email, password)
  const place = (await get(tokens, `/v1/places?q=${encodeURIComponent('역삼')}`)).items[0]
  const address = {
    label: '집',
    road_address: `서울특별시 강남구 ${place.dong}`,
    detail: '101동 1203호',
    entrance_note: '',
    position: place.position,
    is_default: true,
    ...fields,
  }
  await post(tokens, '/v1/users/me/addresses', address)
  return { tokens, position: address.position, email, password }
}

/** The code of the newest message of the sandbox's `box` (`mailbox` or `sms`) to somebody, after `count` others. */
export async function codeSent(box, to, count = 0) {
  const { mailbox_url: sandbox } = await (await fetch(`${base}/config.json`)).json()
  let messages = []
  await until('the message', async () => {
    messages = await (await fetch(`${sandbox.replace(/\/$/, '')}/${box}.json?to=${encodeURIComponent(to)}`)).json()
    return messages.length > count
  })
  return /\b\d{6}\b/.exec(messages[0].text)[0]
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

/** Puts two kinds of dishes into the cart, several of the first and one of the second; answers their restaurant. */
export async function twoKinds(guest, ids) {
  const { id: restaurant_id } = await fillCart(guest.tokens, guest.position, ids)
  const { lines } = await get(guest.tokens, '/v1/cart')
  const menus = (await get(guest.tokens, `/v1/restaurants/${restaurant_id}/menus`)).groups.flatMap((group) => group.menus)
  const add = (menu, options) => post(guest.tokens, '/v1/cart/lines', { restaurant_id, menu_id: menu.id, quantity: 1, options })
  const pick = (menu) =>
    menu.option_groups.flatMap((group) => group.options.slice(0, group.min).map((option) => ({ option_id: option.id, quantity: 1 })))
  const first = menus.find((one) => one.id === lines[0].menu_id)
  await add(first, pick(first))
  const second = menus.find((one) => one.id !== first.id && one.kind === 'food' && !one.sold_out)
  await add(second, pick(second))
  return restaurant_id
}

/** What one of a line costs. */
export const unit = (line) => line.total_won / line.quantity

/** Starts a campaign of coupons, which lasts an hour; answers it. */
export function campaign(operator, terms) {
  const [from, until] = [0, 3_600_000].map((ms) => new Date(Date.now() + ms).toISOString())
  return post(operator, '/v1/coupon-campaigns', { from, until, ...terms })
}

/** Gives a customer points, for a month. */
export function givePoints(operator, customer_id, amount_won, reason = 'apology') {
  return post(operator, '/v1/points/grants', { customer_id, amount_won, reason, days: 30 })
}

/** Numbers of the sandbox's cards, by what becomes of a charge. */
export const CARDS = { approved: '9420000100000000', answerLost: '9420000200000000', declined: '9420000500000000', bank: '100000070000' }

/** Saves a means of payment as a customer does, in the sandbox's payment window; answers its id. */
export async function saveMethod(tokens, number = CARDS.approved) {
  const { id, script_url, customer_key } = await post(tokens, '/v1/payment-methods/registrations')
  const back = `${base}/`
  const form = new URLSearchParams({ customerKey: customer_key, successUrl: back, failUrl: back, number, answer: 'agree' })
  const agreed = await fetch(new URL('../window/billing', script_url), { method: 'POST', body: form, redirect: 'manual' })
  const auth_key = new URL(agreed.headers.get('location')).searchParams.get('authKey')
  assert.ok(auth_key, `the payment window answered ${agreed.status}`)
  return (await post(tokens, `/v1/payment-methods/registrations/${id}/completion`, { auth_key })).id
}

/** Pays an order with the means that the customer has saved, or saves now. */
export async function payOrder(tokens, order) {
  const saved = (await get(tokens, '/v1/payment-methods')).items
  const payment_method_id = saved.find((one) => one.is_default)?.id ?? (await saveMethod(tokens))
  await post(tokens, `/v1/orders/${order.id}/payments`, { payment_method_id })
}

/** A paid order of what is in the guest's cart, for their home. */
export async function pay(guest, note = '') {
  const home = (await get(guest.tokens, '/v1/users/me/addresses')).items[0].id
  const quote = await post(guest.tokens, '/v1/cart/quote', { address_id: home })
  const order = await post(guest.tokens, '/v1/orders', { quote_id: quote.quote_id, note })
  await payOrder(guest.tokens, order)
  return order
}

/**
 * An order at one of the owner's shops that the courier carries: accepted, ready, and through
 * `steps` of its delivery. The courier has to be the only one on shift.
 */
export async function carried({ guest, owner, rider, steps = [], note = '' }) {
  const mine = (await get(owner, '/v1/restaurants/mine')).items.map((one) => one.id)
  await fillCart(guest.tokens, guest.position, mine)
  const order = await pay(guest, note)
  await put(rider, '/v1/couriers/me/shift', { on: true })
  // A story before may have left them far away: such a jump is believed once three fixes agree.
  const fixes = [3, 2, 1].map((ago, index) => {
    return { seq: index + 1, at: new Date(Date.now() - ago * 300).toISOString(), ...order.pickup, accuracy_m: 5 }
  })
  await post(rider, '/v1/couriers/me/fixes', { track: Date.now() % 1e9, fixes })
  await post(owner, `/v1/orders/${order.id}/accept`, { preparation_mins: 5 })
  let offer
  await until('an offer', async () => {
    offer = (await get(rider, '/v1/couriers/me')).offers.find((one) => one.order_id === order.id)
    return offer !== undefined
  })
  await post(rider, `/v1/offers/${offer.id}/accept`)
  await post(owner, `/v1/orders/${order.id}/ready`)
  for (const step of steps) await post(rider, `/v1/deliveries/${order.id}/steps`, { step })
  return order
}

/** Orders and pays at a restaurant, one of `ids` if given; `wishes` go with the order. */
export async function ordered({ tokens, position }, ids, wishes = {}) {
  await fillCart(tokens, position, ids)
  const address = (await get(tokens, '/v1/users/me/addresses')).items[0]
  const quote = await post(tokens, '/v1/cart/quote', { address_id: address.id })
  const order = await post(tokens, '/v1/orders', { quote_id: quote.quote_id, ...wishes })
  await payOrder(tokens, order)
  return get(tokens, `/v1/orders/${order.id}`)
}

/** Counts, in a page, how often its user was called by sound and by vibration. */
export function hearCalls(context) {
  return context.addInitScript(() => {
    window.calls = { sounds: 0, vibrations: 0 }
    navigator.vibrate = () => ++window.calls.vibrations > 0
    const start = OscillatorNode.prototype.start
    OscillatorNode.prototype.start = function (...when) {
      window.calls.sounds++
      return start.apply(this, when)
    }
  })
}

/** The amount that something shown has as its attribute. */
export const wonOf = (place) => place.getAttribute('data-won').then(Number)

/** Pictures of a page in both languages, light and dark; it is in Korean and light again afterwards. */
export async function inAllLooks({ page, picture }, what, fullPage = false) {
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme })
    await picture(`${what}-ko-${colorScheme}`, fullPage)
    // A dialog that is open covers the button.
    await page.getByRole('button', { name: 'English' }).dispatchEvent('click')
    await picture(`${what}-en-${colorScheme}`, fullPage)
    const wider = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
    assert.ok(wider <= 0, `${what} is ${wider} px wider than a phone`)
    await page.getByRole('button', { name: '한국어' }).dispatchEvent('click')
  }
  await page.emulateMedia({ colorScheme: 'light' })
}

/** A place in the middle of the city, as a guest keeps it. */
export async function guestPlace() {
  const [place] = (await get(null, `/v1/places?q=${encodeURIComponent('역삼')}`)).items
  return { name: `${place.gu} ${place.dong}`, position: place.position }
}

/**
 * A cart as a guest's browser keeps it: two kinds of dishes of a restaurant that delivers to `position` now, one of
 * `ids` if given and none of `not`, above its minimum. Answers the restaurant and the dishes, too.
 */
export async function guestCart({ lat, lon }, { ids, not = [] } = {}) {
  const near = (await get(null, `/v1/restaurants?lat=${lat}&lon=${lon}&limit=100`)).items
  const restaurant = near.find((one) => one.open_now && one.deliverable && (!ids || ids.includes(one.id)) && !not.includes(one.id))
  assert.ok(restaurant, 'no restaurant delivers here now')
  const { groups } = await get(null, `/v1/restaurants/${restaurant.id}/menus`)
  const menus = groups.flatMap((group) => group.menus).filter((one) => !one.sold_out && one.kind === 'food')
  const lines = menus.slice(0, 2).map((menu) => {
    const options = menu.option_groups.flatMap((group) => group.options.filter((option) => !option.sold_out).slice(0, group.min))
    return {
      id: crypto.randomUUID(),
      menu_id: menu.id,
      name: menu.name,
      unit_won: menu.price_won,
      quantity: 1 + Math.ceil(restaurant.minimum_order_won / menu.price_won),
      options: options.map(({ id, name }) => ({ option_id: id, name, quantity: 1 })),
    }
  })
  assert.equal(lines.length, 2, `${restaurant.name} has no two dishes`)
  const cart = { id: crypto.randomUUID(), restaurant_id: restaurant.id, restaurant_name: restaurant.name, fulfilment: 'delivery', lines }
  return { restaurant, menus, cart }
}

/** Puts what a guest keeps where the pages look for it, once: what they forget stays forgotten. */
export function keepGuest(context, { cart, place }) {
  return context.addInitScript(
    (kept) => {
      if (location.protocol === 'about:' || localStorage.getItem('story.guest')) return
      localStorage.setItem('story.guest', '1')
      for (const [key, value] of Object.entries(kept)) if (value) localStorage.setItem(`baedal.guest.${key}`, JSON.stringify(value))
    },
    { customer: 1, cart, place },
  )
}

/** Puts somebody's session where the pages of an area look for it. */
export function keepSession(context, area, tokens) {
  return context.addInitScript(
    ([key, kept]) => {
      // A page that is none, between two others, keeps nothing.
      if (location.protocol === 'about:') return
      // Renewed since: a refresh token serves once.
      if (!localStorage.getItem(key)) localStorage.setItem(key, kept)
    },
    [`baedal.session.${area}`, JSON.stringify({ ...tokens, expires_at_ms: Date.now() + tokens.expires_in * 1000 })],
  )
}
