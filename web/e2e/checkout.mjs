/**
 * From the cart to a paid order: a declined card leads on, collecting and ordering for later are
 * wishes of the quote, refusals have words. Takes `BASE_URL` and the rest as `story.mjs` does.
 */

import assert from 'node:assert/strict'
import { until } from './browser.mjs'
import { at, base, customer, fillCart, get, keepSession, tell } from './people.mjs'

async function atCart(join, name) {
  const guest = await customer()
  const restaurant = await fillCart(guest.tokens, guest.position)
  const buyer = await join(name, { viewport: { width: 390, height: 844 } })
  await keepSession(buyer.context, 'customer', guest.tokens)
  await buyer.page.goto(at('customer', 'cart'))
  await buyer.page.locator('[data-testid=quote]').waitFor()
  return { ...buyer, tokens: guest.tokens, restaurant }
}

async function quoteAndPay(page, card = 'tok_success') {
  await page.locator('[data-testid=quote]').click()
  await page.locator('[data-testid=pay]').waitFor()
  await page.locator(`input[name=card][value=${card}]`).check()
  await page.locator('[data-testid=pay]').click()
  await page.waitForURL(/#\/orders\/[0-9a-f-]{36}$/)
  return page.url().split('/').at(-1)
}

const status = (page, wanted) => page.locator(`[data-testid=status][data-status=${wanted}]`).waitFor()

await tell('A declined card leads on', async (join) => {
  const { page, picture, tokens } = await atCart(join, 'declined')
  const orderId = await quoteAndPay(page, 'tok_declined')
  const told = page.locator('[data-testid=declined]')
  await told.waitFor()
  assert.match(await told.textContent(), /승인하지 않았어요.*청구된 금액은 없고/s)
  await status(page, 'pending_payment')
  assert.ok((await get(tokens, '/v1/cart')).lines.length > 0, 'the cart went with the card')
  await picture('declined', true)
  const wider = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
  assert.ok(wider <= 0, `the page is ${wider} px wider than a phone`)

  await page.getByRole('button', { name: 'English' }).click()
  assert.match(await told.textContent(), /declined.*Nothing was charged/s)
  await page.reload()
  await told.waitFor()

  await page.locator('input[name=card][value=tok_declined]').check()
  await page.locator('[data-testid=pay-again]').click()
  await until('the second decline is told', async () => (await page.getByText('The card was declined', { exact: true }).count()) === 2)
  await told.waitFor()
  await page.locator('input[name=card][value=tok_success]').check()
  await page.locator('[data-testid=pay-again]').click()
  await status(page, 'placed')
  assert.equal(page.url().split('/').at(-1), orderId)
  await until('the cart is empty', async () => (await get(tokens, '/v1/cart')).lines.length === 0)
})

await tell('Collecting an order', async (join) => {
  const { page, picture, tokens } = await atCart(join, 'pickup')
  await page.locator('input[name=fulfilment][value=pickup]').check()
  const orderId = await quoteAndPay(page)
  await status(page, 'placed')
  const order = await get(tokens, `/v1/orders/${orderId}`)
  assert.deepEqual([order.tip_won, order.drop_off ?? null], [0, null])
  await page.getByText('직접 찾아가는 주문').waitFor()
  assert.equal(await page.locator('[data-testid=pickup-code]').textContent(), order.pickup_code)
  await picture('pickup', true)
})

await tell('Ordering for later', async (join) => {
  const { page, picture, tokens } = await atCart(join, 'later')
  /** As the field wants it, by the clock of the browser. */
  const inMinutes = (minutes) =>
    page.evaluate((ms) => {
      const at = new Date(Math.ceil((Date.now() + ms) / 300_000) * 300_000)
      return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
    }, minutes * 60_000)
  await page.locator('input[name=later]').nth(1).check()
  await page.locator('input[name=slot]').fill(await inMinutes(-60))
  await page.locator('[data-testid=quote]').click()
  const refused = page.locator('[data-cart-problem=slot_out_of_range]')
  await refused.waitFor()
  assert.match(await refused.textContent(), /[가-힣].*–/)
  await picture('too-soon', true)

  const wanted = await inMinutes(24 * 60)
  await page.locator('input[name=slot]').fill(wanted)
  const orderId = await quoteAndPay(page)
  await status(page, 'scheduled')
  const order = await get(tokens, `/v1/orders/${orderId}`)
  assert.equal(Date.parse(order.slot), await page.evaluate((text) => new Date(text).getTime(), wanted))
  await page.getByText('예약 시간:').waitFor()
  await picture('scheduled', true)
})

await tell('What a quote hinders is said in words', async (join) => {
  const { page } = await atCart(join, 'refused')
  await page.locator('[data-testid=quote]').click()
  await page.locator('[data-testid=pay]').waitFor()
  const refuse = (body) => (route) =>
    route.fulfill({ status: 409, contentType: 'application/problem+json', body: JSON.stringify({ status: 409, title: 'Conflict', ...body }) })
  const errors = [{ pointer: '/lines/0', code: 'sold_out', detail: 'It is sold out.' }]
  const told = page.locator('main [data-problem]')
  for (const type of [
    'cart.quote_not_orderable',
    'order.wishes_differ',
    'order.payment_open',
    'order.cart_ordered',
    'order.restaurant_closed',
    'order.sold_out',
    'order.code_locked',
  ]) {
    await page.route('**/v1/orders', refuse({ type, detail: 'In English alone.', errors }))
    await page.locator('[data-testid=pay]').click()
    await page.locator(`main [data-problem="${type}"]`).waitFor()
    assert.match(await told.textContent(), /[가-힣].*품절/, type)
    assert.doesNotMatch(await told.textContent(), /English|sold out/, type)
    await page.unroute('**/v1/orders')
  }
})
