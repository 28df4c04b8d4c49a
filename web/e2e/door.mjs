/**
 * The courier at the door: attempts are recorded, the customer sees the time left and answers, the
 * delivery fails with a reason, and the same is ordered again. Takes `BASE_URL` and the rest as
 * `story.mjs` does.
 */

import assert from 'node:assert/strict'
import { until } from './browser.mjs'
import { base, customer, demo, fillCart, get, keepSession, post, tell } from './people.mjs'

const phone = { viewport: { width: 360, height: 780 } }

async function fits(page) {
  const wider = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
  assert.ok(wider <= 0, `the page is ${wider} px wider than a phone`)
}

/** An order of a new customer whose courier stands at the door. */
async function atDoor() {
  const [guest, owner, rider] = [await customer(), await demo('owner'), await demo('courier')]
  const mine = (await get(owner, '/v1/restaurants/mine')).items.map((one) => one.id)
  await fillCart(guest.tokens, guest.position, mine)
  const home = (await get(guest.tokens, '/v1/users/me/addresses')).items[0].id
  const quote = await post(guest.tokens, '/v1/cart/quote', { address_id: home })
  const order = await post(guest.tokens, '/v1/orders', { quote_id: quote.quote_id })
  await post(guest.tokens, `/v1/orders/${order.id}/payments`, { payment_token: 'tok_success' })
  await fetch(`${base}/v1/couriers/me/shift`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${rider.access_token}` },
    body: JSON.stringify({ on: true }),
  })
  const fix = { seq: 1, at: new Date().toISOString(), ...order.pickup, accuracy_m: 5 }
  await post(rider, '/v1/couriers/me/fixes', { track: Date.now() % 1e9, fixes: [fix] })
  await post(owner, `/v1/orders/${order.id}/accept`, { preparation_mins: 5 })
  let offer
  await until('an offer', async () => {
    offer = (await get(rider, '/v1/couriers/me')).offers.find((one) => one.order_id === order.id)
    return offer !== undefined
  })
  await post(rider, `/v1/offers/${offer.id}/accept`)
  await post(owner, `/v1/orders/${order.id}/ready`)
  for (const step of ['at_restaurant', 'picked_up', 'at_dropoff']) {
    await post(rider, `/v1/deliveries/${order.id}/steps`, { step })
  }
  return { id: order.id, guest: guest.tokens, rider }
}

await tell('The courier at the door', async (join) => {
  const { id, guest, rider } = await atDoor()
  const eater = await join('door-customer', phone)
  await keepSession(eater.context, 'customer', guest)
  await eater.page.goto(`${base}/#/orders/${id}`)
  const courier = await join('door-courier', { ...phone, permissions: ['geolocation'] })
  await keepSession(courier.context, 'courier', rider)
  await courier.page.goto(`${base}/#/courier`)

  const contact = courier.page.locator(`[data-delivery="${id}"] [data-testid=door-contact]`)
  await contact.locator('summary').click()
  assert.ok(await contact.locator('[data-step=failed]').isDisabled(), 'nobody was contacted yet')
  await contact.locator('[data-way=call]').click()
  const wait = eater.page.locator('[data-testid=door-wait]')
  await wait.waitFor()
  assert.match(await wait.locator('[data-testid=door-left]').textContent(), /^(10:00|9:\d\d)$/)
  await fits(eater.page)
  await eater.picture('light', true)
  await eater.page.emulateMedia({ colorScheme: 'dark' })
  await eater.picture('dark', true)

  await wait.getByRole('button', { name: '지금 나가요' }).click()
  await courier.page.locator('[data-testid=customer-said]').waitFor()
  await contact.locator('[data-way=door]').click()
  await contact.locator('[data-testid=fail-early]').filter({ hasText: '더 기다려' }).waitFor()
  await fits(courier.page)
  await courier.picture('light', true)
  await courier.page.emulateMedia({ colorScheme: 'dark' })
  await courier.picture('dark', true)

  await contact.locator('[data-testid=fail-reason]').selectOption('food_damaged')
  await contact.locator('[data-step=failed]').click()
  await eater.page.locator('[data-testid=refund]').filter({ hasText: '돌려드려요' }).waitFor()
  await eater.picture('over', true)
  await eater.page.locator('[data-testid=reorder]').click()
  await eater.page.waitForURL(/#\/cart$/)
  assert.ok((await get(guest, '/v1/cart')).lines.length > 0)
})
