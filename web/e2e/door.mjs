/**
 * The courier at the door: attempts are recorded, the customer sees the time left and answers, the
 * delivery fails with a reason, and the same is ordered again. Takes `BASE_URL` and the rest as
 * `story.mjs` does.
 */

import assert from 'node:assert/strict'
import { at, carried, customer, demo, get, keepSession, tell } from './people.mjs'

const phone = { viewport: { width: 360, height: 780 } }

async function fits(page) {
  const wider = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
  assert.ok(wider <= 0, `the page is ${wider} px wider than a phone`)
}

/** An order of a new customer whose courier waits at the door. */
async function atDoor() {
  const [guest, owner, rider] = [await customer(), await demo('owner'), await demo('courier')]
  const order = await carried({ guest, owner, rider, steps: ['at_restaurant', 'picked_up', 'at_dropoff'] })
  return { id: order.id, guest: guest.tokens, rider }
}

await tell('The courier at the door', async (join) => {
  const { id, guest, rider } = await atDoor()
  const eater = await join('door-customer', phone)
  await keepSession(eater.context, 'customer', guest)
  await eater.page.goto(at('customer', `orders/${id}`))
  const courier = await join('door-courier', { ...phone, permissions: ['geolocation'] })
  await keepSession(courier.context, 'courier', rider)
  await courier.page.goto(at('courier'))

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
  await courier.page.locator('[data-testid=confirm]').click()
  await eater.page.locator('[data-testid=refund]').filter({ hasText: '돌려드려요' }).waitFor()
  await eater.picture('over', true)
  await eater.page.locator('[data-testid=reorder]').click()
  await eater.page.waitForURL(/#\/cart$/)
  assert.ok((await get(guest, '/v1/cart')).lines.length > 0)
})
