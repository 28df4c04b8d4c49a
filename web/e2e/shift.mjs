/**
 * A courier's page in one hand: no shift without a position, offers that call, what to take and how
 * to hand it over, the next step at the thumb, and a position that is lost. Takes `BASE_URL` and
 * the rest as `story.mjs` does.
 */

import assert from 'node:assert/strict'
import { breakable, until } from './browser.mjs'
import { at, customer, demo, get, hearCalls, keepSession, ordered, post, put, tell } from './people.mjs'

const phone = { viewport: { width: 390, height: 700 }, hasTouch: true }

/** Keeps the screen's locks where the story can count them: a browser without a screen has none. */
function lockable() {
  window.locks = 0
  const wakeLock = {
    request: async () => {
      window.locks++
      return { release: async () => void window.locks-- }
    },
  }
  Object.defineProperty(navigator, 'wakeLock', { value: wakeLock })
}

/** Nothing of an earlier story is carried. */
async function clear(rider) {
  for (const { order_id, status } of (await get(rider, '/v1/couriers/me')).assignments) {
    const carried = { picked_up: ['at_dropoff', 'delivered'], at_dropoff: ['delivered'] }[status] ?? ['drop_out']
    for (const step of carried) await post(rider, `/v1/deliveries/${order_id}/steps`, { step })
  }
}

await tell('No shift without a position', async (join) => {
  const rider = await demo('courier', 3)
  await put(rider, '/v1/couriers/me/shift', { on: false })
  const reader = await join('shift', phone)
  const { page, context, picture } = reader
  await keepSession(context, 'courier', rider)
  await context.addInitScript(lockable)
  await page.goto(at('courier'))
  const shift = page.locator('[data-testid=shift]')
  await shift.waitFor()
  // Nobody was asked yet: what it is for is said before.
  await page.locator('[data-testid=asks-first]').waitFor()
  await picture('asks-first')
  await shift.click()
  const told = page.locator('[data-testid=location]')
  await told.waitFor()
  assert.match(await told.textContent(), /근무를 시작할 수 없어요/)
  await picture('denied')
  assert.equal((await get(rider, '/v1/couriers/me')).on_shift, false)
  assert.equal(await page.evaluate(() => window.locks), 0)

  await context.grantPermissions(['geolocation'])
  await context.setGeolocation({ latitude: 37.5, longitude: 127.03, accuracy: 7 })
  await told.waitFor({ state: 'detached' })
  await shift.click()
  await page.locator('[data-on-shift=true]').waitFor()
  assert.equal((await get(rider, '/v1/couriers/me')).on_shift, true)
  await until('the screen stays on', async () => (await page.evaluate(() => window.locks)) === 1)

  await context.setGeolocation(null)
  await page.locator('[data-lost=unavailable]').waitFor()
  assert.match(await told.textContent(), /\d:\d\d:\d\d부터 위치를 받지 못하고/)
  await picture('lost')
  await context.setGeolocation({ latitude: 37.5, longitude: 127.03, accuracy: 7 })
  await told.waitFor({ state: 'detached' })
  await shift.click()
  await page.locator('[data-on-shift=false]').waitFor()
  await until('the screen may go out', async () => (await page.evaluate(() => window.locks)) === 0)
})

await tell('A refused position says how to allow it', async (join) => {
  const rider = await demo('courier', 3)
  const { page, context, picture } = await join('refused', { ...phone, locale: 'en-US' })
  await keepSession(context, 'courier', rider)
  await context.addInitScript(() => {
    const status = Object.assign(new EventTarget(), { state: 'denied' })
    navigator.permissions.query = async () => status
    navigator.geolocation.watchPosition = (_, refused) => setTimeout(() => refused({ code: 1 }), 10)
  })
  await page.goto(at('courier'))
  // At once, before anything was pressed.
  await page.locator('[data-testid=allow]').waitFor()
  await picture('how', true)
  await page.locator('[data-testid=shift]').click()
  await page.locator('[data-lost=denied]').waitFor()
  assert.equal((await get(rider, '/v1/couriers/me')).on_shift, false)
})

await tell('An offer calls, and its card says what to take and where to', async (join) => {
  const [owner, rider] = [await demo('owner'), await demo('courier', 3)]
  await clear(rider)
  const guest = await customer({ entrance_note: '1층에서 호출해 주세요' })
  const mine = (await get(owner, '/v1/restaurants/mine')).items.map((one) => one.id)
  const order = await ordered(guest, mine, { contactless: true, courier_note: '벨은 누르지 말아 주세요' })
  const place = { latitude: order.pickup.lat, longitude: order.pickup.lon, accuracy: 7 }
  const reader = await join('offer', { ...phone, permissions: ['geolocation'], geolocation: place })
  const { page, context, picture } = reader
  await keepSession(context, 'courier', rider)
  await hearCalls(context)
  const connection = await breakable(page)
  await page.goto(at('courier'))
  await page.locator('[data-testid=shift]').click()
  await page.locator('[data-on-shift=true]').waitFor()
  // A story before may have left them far away: such a jump is believed once three fixes agree.
  for (const step of [1, 2, 3]) {
    await context.setGeolocation({ ...place, latitude: place.latitude + step * 1e-5 })
    await new Promise((resolve) => setTimeout(resolve, 300))
  }
  await until('the fix is through', async () => (await page.locator('[data-testid=gps]').getAttribute('data-unsent')) === '0')
  await post(owner, `/v1/orders/${order.id}/accept`, { preparation_mins: 5 })
  let offer
  await until('an offer', async () => {
    offer = (await get(rider, '/v1/couriers/me')).offers.find((one) => one.order_id === order.id)
    return offer !== undefined
  }, 60_000)
  const accept = page.locator(`[data-offer="${offer.id}"] [data-testid=accept-offer]`)
  await accept.waitFor()
  await until('the title counts it', async () => /^\([1-9]\) /.test(await page.title()))
  const { sounds, vibrations } = await page.evaluate(() => window.calls)
  assert.ok(sounds >= 2 && vibrations >= 1, 'nobody was called')
  await picture('offer')
  await accept.click()

  const card = page.locator(`[data-delivery="${order.id}"]`)
  await card.waitFor()
  await accept.waitFor({ state: 'detached' })
  const delivery = (await get(rider, '/v1/couriers/me')).assignments.find((one) => one.order_id === order.id)
  assert.equal(delivery.code, order.code, 'customer and courier see one code')
  assert.ok((await card.locator('[data-testid=code]').textContent()).endsWith(order.code))
  assert.match(await card.locator('[data-testid=map-link]').getAttribute('href'), /^geo:37\.\d+,12[67]\.\d+\?q=/)
  assert.equal(await card.locator('[data-testid=entrance]').count(), 0, 'how to get in is shown with the food alone')
  const dishes = card.locator('[data-testid=dishes]')
  for (const { name, quantity, options } of order.lines) {
    await dishes.getByText(name, { exact: true }).waitFor()
    await dishes.getByText(`×${quantity}`, { exact: true }).waitFor()
    for (const option of options) await dishes.getByText(option.name).first().waitFor()
  }
  await card.locator('[data-testid=contactless][data-contactless=true]').waitFor()
  await card.locator('[data-testid=note]').getByText('벨은 누르지').waitFor()
  await page.locator('.maplibregl-canvas').first().waitFor()
  await picture('to-restaurant', true)

  const step = async (name) => {
    const button = card.locator(`[data-step=${name}]`)
    await button.waitFor()
    await page.evaluate(() => window.scrollTo(0, 0))
    await until(`${name} is large, at the foot of the screen`, async () => {
      const { y, height, width } = await button.boundingBox()
      return (height >= 56 && width > 250 && y > 500 && y + height <= 700) || { y, height, width }
    })
    await button.click()
    await button.waitFor({ state: 'detached' })
  }
  await step('at_restaurant')
  await post(owner, `/v1/orders/${order.id}/ready`)
  await step('picked_up')
  await card.locator('[data-testid=entrance]').getByText('1층에서 호출').waitFor()
  assert.match(await card.locator('[data-testid=stop]').textContent(), /101동 1203호/)
  await card.getByText('문 앞에 두기').waitFor()
  await card.locator('[data-testid=note]').getByText('벨은 누르지').waitFor()
  await picture('to-door')
  await page.setViewportSize({ width: 320, height: 640 })
  await page.emulateMedia({ colorScheme: 'dark' })
  await picture('to-door-dark', true)
  await page.setViewportSize(phone.viewport)

  await connection.down()
  await page.locator('[data-state=stale]').waitFor()
  await card.waitFor()
  connection.allow()
  // Unless it is back by itself before.
  await page.locator('[data-state=stale]').getByRole('button').click({ timeout: 5_000 }).catch(() => undefined)
  await page.locator('[data-state=stale]').waitFor({ state: 'detached' })
  await step('at_dropoff')
  await card.locator('[data-step=delivered]').click()
  await card.waitFor({ state: 'detached' })
  await page.locator('[data-testid=shift]').click()
  await page.locator('[data-on-shift=false]').waitFor()
})
