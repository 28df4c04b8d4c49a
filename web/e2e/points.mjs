/**
 * Points from their giving to their use: an operator gives them, a customer sees them, pays a part of an
 * order or all of it with them, and gets them back. Takes `BASE_URL` and the rest as `story.mjs` does.
 */

import assert from 'node:assert/strict'
import { breakable, until } from './browser.mjs'
import { at, customer, demo, fillCart, get, givePoints, inAllLooks, keepSession, put, saveMethod, tell, wonOf } from './people.mjs'

const PHONE = { viewport: { width: 360, height: 780 } }
const placedOn = async (page) => {
  await page.waitForURL(/#\/orders\/[0-9a-f-]{36}$/)
  await page.locator('[data-testid=status][data-status=placed]').waitFor()
  return page.url().split('/').at(-1)
}

await tell('Points are given, seen, used, earned and come back, to the won', async (join) => {
  const guest = await customer()
  const id = guest.tokens.user_id
  const giver = await join('giver', PHONE)
  await keepSession(giver.context, 'operator', await demo('operator'))
  const desk = giver.page
  await desk.goto(at('operator', 'payments'))
  await desk.getByRole('link', { name: '포인트 지급', exact: true }).click()
  await desk.locator('[data-testid=new-grant]').click()

  // What is wrong is told at its field.
  const give = desk.locator('[data-testid=give-points]')
  const told = (pointer) => desk.locator(`[data-fault="${pointer}"]`)
  await desk.locator('input[name=customer]').fill('이야기')
  await give.click()
  await told('/customer_id').waitFor()
  await desk.locator('input[name=customer]').fill(crypto.randomUUID())
  await give.click()
  await until('nobody is found', async () => /찾을 수 없|없어요/.test((await told('/customer_id').textContent().catch(() => '')) ?? ''))
  await desk.locator('input[name=customer]').fill(id)
  await desk.locator('input[name=amount]').fill('1000001')
  await give.click()
  await told('/amount_won').waitFor()
  assert.equal(await told('/customer_id').count(), 0)
  await inAllLooks(giver, 'form', true)

  // From the person's page, whose they are is filled in.
  await desk.goto(at('operator', `people/${id}`))
  await desk.locator('[data-testid=to-give-points]').click()
  await give.waitFor()
  assert.equal(await desk.locator('input[name=customer]').inputValue(), id)
  await desk.locator('input[name=amount]').fill('12345')
  await desk.locator('input[name=reason][value=prize]').check()
  await desk.locator('input[name=days]').fill('20')
  await give.click()
  const grant = desk.locator('[data-grant]').first()
  await grant.waitFor()
  assert.match(await grant.textContent(), /12,345원/)
  assert.match(await grant.textContent(), new RegExp(id.slice(-6)))
  await inAllLooks(giver, 'grants')

  // The customer sees them, and when they expire.
  await saveMethod(guest.tokens)
  await fillCart(guest.tokens, guest.position)
  const buyer = await join('points', PHONE)
  const { page, context } = buyer
  await keepSession(context, 'customer', guest.tokens)
  await page.goto(at('customer', 'account'))
  await page.locator('[data-section="/account/points"]').click()
  const figure = (name) => wonOf(page.locator(`[data-testid=${name}]`))
  const events = () => page.locator('[data-event]').evaluateAll((all) => all.map(({ dataset }) => [dataset.event, Number(dataset.won)]))
  await page.locator('[data-event=given]').waitFor()
  assert.deepEqual(await events(), [['given', 12_345]])
  assert.deepEqual([await figure('available'), await figure('soon')], [12_345, 12_345])
  await inAllLooks(buyer, 'given', true)

  // Too few and too many are told at the field; what is chosen is in the cart.
  await page.goto(at('customer', 'cart'))
  await page.locator('[data-testid=choose-points]').click()
  const dialog = page.locator('dialog[open]')
  const fault = dialog.locator('[data-fault="/points_won"]')
  const use = async (won) => {
    await dialog.locator('input[name=points]').fill(String(won))
    await dialog.locator('[data-testid=use-points]').click()
  }
  await use(500)
  await fault.waitFor()
  assert.match(await fault.textContent(), /1,000원부터/)
  await use(20_000)
  await until('they are too many', async () => /12,345원 있어요/.test((await fault.textContent().catch(() => '')) ?? ''))
  await inAllLooks(buyer, 'choosing')
  await use(3_000)
  await dialog.waitFor({ state: 'detached' })
  const chosen = page.locator('[data-testid=points-chosen]')
  assert.equal(await wonOf(chosen), 3_000)
  const cart = await get(guest.tokens, '/v1/cart')
  assert.equal(cart.points_won, 3_000)
  assert.match(await page.locator('[data-testid=quote]').textContent(), new RegExp((cart.subtotal_won - 3_000).toLocaleString('ko-KR')))
  await inAllLooks(buyer, 'cart', true)

  // The parts of the price, and what will be earned.
  await page.locator('[data-testid=quote]').click()
  await page.locator('[data-testid=pay]:enabled').waitFor()
  assert.equal(await figure('points-used'), 3_000)
  const [payable, reward] = [await figure('payable'), await figure('reward')]
  assert.ok(reward > 0)
  await inAllLooks(buyer, 'quote', true)
  await page.locator('[data-testid=pay]:enabled').click()
  const orderId = await placedOn(page)
  const order = await get(guest.tokens, `/v1/orders/${orderId}`)
  assert.equal(order.payable_won, order.subtotal_won + order.tip_won - 3_000)
  assert.deepEqual([order.payable_won, order.points_won, order.reward_won], [payable, 3_000, reward])
  assert.deepEqual([await figure('payable'), await figure('points'), await figure('reward')], [payable, 3_000, reward])
  await inAllLooks(buyer, 'order', true)
  const paid = (await get(guest.tokens, `/v1/payments?order_id=${orderId}`)).items
  assert.deepEqual(paid.map((one) => one.amount_won), [payable])

  await page.goto(at('customer', 'account/points'))
  await page.locator('[data-event=used]').waitFor()
  assert.deepEqual(await events(), [['used', -3_000], ['given', 12_345]])
  assert.deepEqual([await figure('available'), await figure('pending')], [9_345, reward])
  await inAllLooks(buyer, 'used', true)

  // The operator finds them in the order and in the ledger, also those of no order.
  await desk.goto(at('operator', `orders/${orderId}`))
  assert.equal(await wonOf(desk.locator('[data-testid=points]')), 3_000)
  await giver.picture('order', true)
  await desk.locator('[data-testid=to-ledger]').click()
  await desk.locator('[data-kind=points_used] [data-account=points]').getByRole('link').click()
  const kinds = () => desk.locator('[data-entry]').evaluateAll((all) => all.map(({ dataset }) => dataset.kind))
  await until('both entries are there', async () => (await kinds()).join() === 'points_used,points_given')
  assert.equal(await desk.locator('[data-kind=points_given] a[href^="#/orders/"]').count(), 0)
  await inAllLooks(giver, 'ledger', true)

  // What ends early gives them back.
  await page.locator('[data-event=used] [data-testid=to-order]').click()
  await page.locator('[data-testid=cancel]').click()
  assert.match(await page.locator('dialog[open]').textContent(), /포인트 3,000원을 돌려드려요/)
  await page.locator('[data-testid=confirm]').click()
  await page.locator('[data-testid=status][data-status=cancelled]').waitFor()
  assert.equal(await figure('points-back'), 3_000)
  assert.equal(await figure('refund'), payable)
  assert.equal(await page.locator('[data-testid=reward]').count(), 0)
  await inAllLooks(buyer, 'cancelled', true)
  await page.goto(at('customer', 'account/points'))
  await page.locator('[data-event=returned]').waitFor()
  assert.deepEqual(await events(), [['returned', 3_000], ['used', -3_000], ['given', 12_345]])
  assert.equal(await figure('available'), 12_345)
})

await tell('An order that points pay for needs no means of payment', async (join) => {
  const guest = await customer()
  await fillCart(guest.tokens, guest.position)
  const buyer = await join('all-points', PHONE)
  const { page, context, picture } = buyer
  await keepSession(context, 'customer', guest.tokens)
  const payments = []
  page.on('request', (request) => {
    if (/\/payments$/.test(request.url()) && request.method() === 'POST') payments.push(request.url())
  })
  const connection = await breakable(page)
  // Whoever has none reads nothing of them in the cart.
  const known = page.waitForResponse((response) => /\/v1\/points$/.test(response.url()))
  await page.goto(at('customer', 'cart'))
  await known
  await page.locator('[data-testid=choose-coupons]').waitFor()
  assert.equal(await page.locator('[data-testid=points]').count(), 0)

  await givePoints(await demo('operator'), guest.tokens.user_id, 987_654)
  await page.reload()
  await page.locator('[data-testid=choose-points]').click()
  const dialog = page.locator('dialog[open]')
  await dialog.locator('input[name=points]').waitFor()
  // Another device was faster, of which the page did not hear: that is said, and the cart is what it is now.
  await connection.down()
  await put(guest.tokens, '/v1/cart/points', { points_won: 1_000 })
  await dialog.locator('[data-testid=use-all]').click()
  await dialog.locator('[data-problem]').waitFor()
  await page.locator('[data-testid=points-chosen][data-won="1000"]').waitFor()
  await picture('stale')
  await connection.up()
  await dialog.locator('[data-testid=use-none]').click()
  await dialog.waitFor({ state: 'detached' })
  await page.locator('[data-testid=points-chosen]').waitFor({ state: 'detached' })
  assert.equal((await get(guest.tokens, '/v1/cart')).points_won, 0)
  await page.locator('[data-testid=choose-points]').click()
  await dialog.locator('[data-testid=use-all]').click()
  await dialog.waitFor({ state: 'detached' })
  await page.locator('[data-testid=points-chosen][data-won="987654"]').waitFor()
  await inAllLooks(buyer, 'cart', true)

  // As many as the order costs are used, and how many is told.
  await page.locator('[data-testid=quote]').click()
  const free = page.locator('[data-testid=order-free]:enabled')
  await free.waitFor()
  const used = await wonOf(page.locator('[data-testid=points-used]'))
  const fewer = await page.locator('[data-cart-problem=fewer_points]').textContent()
  assert.match(fewer, new RegExp(`987,654원 중 ${used.toLocaleString('ko-KR')}원`))
  assert.equal(await wonOf(page.locator('[data-testid=payable]')), 0)
  assert.equal(await page.locator('[data-testid=pay-with]').count(), 0)
  await inAllLooks(buyer, 'quote', true)
  await free.click()
  const order = await get(guest.tokens, `/v1/orders/${await placedOn(page)}`)
  assert.deepEqual([order.payable_won, order.points_won], [0, used])
  assert.equal(used, order.subtotal_won + order.tip_won)
  await picture('placed', true)
  assert.deepEqual(payments, [])
  assert.deepEqual((await get(guest.tokens, '/v1/payments')).items, [])

  await page.locator('[data-testid=cancel]').click()
  await page.locator('[data-testid=confirm]').click()
  await page.locator('[data-testid=status][data-status=cancelled]').waitFor()
  assert.equal(await wonOf(page.locator('[data-testid=points-back]')), used)
  assert.equal(await page.locator('[data-testid=refund]').count(), 0)
  await picture('cancelled', true)
  await until('the points are back', async () => (await get(guest.tokens, '/v1/points')).available_won === 987_654)
})
