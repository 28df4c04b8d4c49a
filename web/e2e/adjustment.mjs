/**
 * Something was wrong with an order that has arrived: an operator gives back dishes, the tip or an amount, and
 * sees before who bears it. Everybody sees their part of it, to the won. Takes `BASE_URL` and the rest as
 * `story.mjs` does.
 */

import assert from 'node:assert/strict'
import { until } from './browser.mjs'
import { at, carried, customer, demo, get, givePoints, inAllLooks, keepSession, payOrder, post, put, saveMethod, tell, twoKinds, unit, wonOf } from './people.mjs'

const PHONE = { viewport: { width: 360, height: 780 } }

/** Pays what is in the guest's cart, by their saved card, and collects it; answers the order. */
async function collected({ tokens }, owner) {
  const quote = await post(tokens, '/v1/cart/quote', { fulfilment: 'pickup' })
  const { id } = await post(tokens, '/v1/orders', { quote_id: quote.quote_id })
  await payOrder(tokens, { id })
  const read = () => get(tokens, `/v1/orders/${id}`)
  await until('it is placed', async () => (await read()).status === 'placed')
  await post(owner, `/v1/orders/${id}/accept`, { preparation_mins: 5 })
  await post(owner, `/v1/orders/${id}/ready`)
  await post(owner, `/v1/orders/${id}/complete`, { code: (await read()).pickup_code })
  return read()
}

/** An operator's page of an order, and its dialog. */
async function atDesk(join, name, operator, order) {
  const desk = await join(name, PHONE)
  await keepSession(desk.context, 'operator', operator)
  await desk.page.goto(at('operator', `orders/${order.id}`))
  const dialog = desk.page.locator('dialog[open]')
  const won = (testid) => wonOf(dialog.locator(`[data-testid=${testid}]`))
  return {
    ...desk,
    dialog,
    confirm: dialog.locator('[data-testid=adjust-confirm]'),
    open: () => desk.page.locator('[data-testid=adjust]').click(),
    choose: (field, value) => dialog.locator(`input[name=${field}][value=${value}]`).check(),
    more: (line) => dialog.getByRole('group', { name: line.name, exact: true }).getByRole('button', { name: '하나 더하기' }),
    /** What the dialog says that it does: to the card, in points, and who bears it. */
    effect: async () => {
      await dialog.locator('[data-testid=effect][data-known=true]').waitFor()
      const borne = await dialog.locator('[data-bears]').evaluateAll((all) => all.map(({ dataset }) => [dataset.bears, Number(dataset.won)]))
      const has = async (testid) => (await dialog.locator(`[data-testid=${testid}]`).count()) > 0
      return {
        money: (await has('effect-money')) ? await won('effect-money') : 0,
        points: (await has('effect-points')) ? await won('effect-points') : 0,
        borne: Object.fromEntries(borne),
      }
    },
  }
}

await tell('What was wrong with an order is made good, and everybody sees their part', async (join) => {
  const [owner, operator, agent] = [await demo('owner'), await demo('operator'), await demo('agent')]
  const guest = await customer()
  const mine = (await get(owner, '/v1/restaurants/mine')).items.map((one) => one.id)
  const restaurantId = await twoKinds(guest, mine)
  // Money covers the second dish and a little more; points cover the rest.
  const { subtotal_won, lines } = await get(guest.tokens, '/v1/cart')
  await givePoints(operator, guest.tokens.user_id, 1_000_000)
  await put(guest.tokens, '/v1/cart/points', { points_won: Math.floor((subtotal_won - unit(lines.at(-1)) - 500) / 1_000) * 1_000 })
  await saveMethod(guest.tokens)
  const order = await collected(guest, owner)
  const [many, single] = order.lines
  assert.ok(many.quantity >= 2 && single.quantity === 1)
  const rest = order.payable_won - unit(single)
  assert.ok(rest > 0, `${rest} is left of the money`)

  const buyer = await join('adjusted', PHONE)
  await keepSession(buyer.context, 'customer', guest.tokens)
  await buyer.page.goto(at('customer', `orders/${order.id}`))
  await buyer.page.locator('[data-testid=payable]').waitFor()
  assert.equal(await buyer.page.locator('[data-testid=adjustments]').count(), 0)

  // One dish, by the restaurant's fault: what it does is known before.
  const desk = await atDesk(join, 'adjusting', operator, order)
  const { page, dialog, confirm } = desk
  await desk.open()
  assert.ok(await confirm.isDisabled(), 'nothing is chosen')
  await inAllLooks(desk, 'empty')
  await desk.more(single).press('Enter')
  await desk.choose('reason', 'missing')
  assert.ok(await confirm.isDisabled(), 'nobody is at fault')
  await desk.choose('fault', 'restaurant')
  assert.deepEqual(await desk.effect(), { money: unit(single), points: 0, borne: { restaurant: unit(single) } })
  assert.match(await confirm.textContent(), new RegExp(unit(single).toLocaleString('ko-KR')))
  await inAllLooks(desk, 'dialog')
  assert.equal((await get(operator, `/v1/orders/${order.id}/adjustments`)).items.length, 0, 'it was done before it was confirmed')

  // A refusal is told in the dialog; a second press is the same wish.
  const keys = []
  const refuse = (route) => {
    if (!/\/adjustments$/.test(route.request().url())) return route.continue()
    keys.push(route.request().headers()['idempotency-key'])
    return route.fulfill({ status: 409, contentType: 'application/problem+json', body: '{"type":"order.not_so_many","status":409}' })
  }
  await page.route('**/adjustments', refuse)
  for (const count of [1, 2]) {
    await confirm.press('Enter')
    await until('it is sent', async () => keys.length === count && (await confirm.isEnabled()))
  }
  await dialog.locator('[data-problem="order.not_so_many"]').waitFor()
  await desk.picture('refused')
  await page.unroute('**/adjustments', refuse)
  assert.ok(keys[0] && keys[0] === keys[1], 'a second press is another wish')
  await confirm.press('Enter')
  await dialog.waitFor({ state: 'detached' })
  const given = page.locator('[data-adjustment]')
  await given.first().waitFor()
  assert.equal(await wonOf(given.first().locator('[data-bears=restaurant]')), unit(single))
  assert.equal(await given.first().locator('[data-fault=restaurant]').count(), 1)

  // The customer sees what, why and how much.
  await until('the card has it', async () => {
    const { adjustments } = await get(guest.tokens, `/v1/orders/${order.id}`)
    return adjustments?.[0]?.refund?.status === 'done'
  })
  await buyer.page.reload()
  const theirs = buyer.page.locator('[data-adjustment]')
  await theirs.locator('[data-testid=part-refund][data-refund=done]').waitFor()
  assert.equal(await theirs.first().getAttribute('data-reason'), 'missing')
  assert.equal(await wonOf(theirs.locator('[data-testid=part-refund]')), unit(single))
  assert.equal(await theirs.locator('[data-testid=part-points-back]').count(), 0)
  assert.ok((await theirs.textContent()).includes(`${single.name} ×1`))
  assert.equal((await get(guest.tokens, `/v1/payments?order_id=${order.id}`)).items[0].refunded_won, unit(single))
  await inAllLooks(buyer, 'order', true)

  // The restaurant sees what it bears, on the page of its orders.
  const kitchen = await join('adjusted-owner', PHONE)
  await keepSession(kitchen.context, 'owner', owner)
  await kitchen.page.goto(at('owner'))
  await kitchen.page.locator('[data-testid=to-orders]').click()
  await kitchen.page.locator('select[name=restaurant]').selectOption(restaurantId)
  const card = kitchen.page.locator(`[data-order="${order.id}"]`)
  await card.locator('[data-adjustment] [data-testid=part-refund]').waitFor()
  assert.equal(await wonOf(card.locator('[data-testid=part-refund]')), unit(single))
  await card.scrollIntoViewIfNeeded()
  await inAllLooks(kitchen, 'orders')

  // Then an amount, as goodwill: first more than there is, then what is left of the money and some points.
  await desk.open()
  await desk.choose('by', 'amount')
  const amount = dialog.locator('input[name=amount]')
  await amount.fill('1000000')
  await desk.choose('reason', 'late')
  await desk.choose('fault', 'customer')
  await dialog.locator('[data-problem="order.more_than_paid"]').waitFor()
  assert.ok(await confirm.isDisabled(), 'more than was paid')
  await inAllLooks(desk, 'too-much')
  const goodwill = rest + 700
  await amount.fill(String(goodwill))
  assert.deepEqual(await desk.effect(), { money: rest, points: 700, borne: { platform: goodwill } })
  await desk.picture('amount')
  await confirm.click()
  await dialog.waitFor({ state: 'detached' })
  await given.nth(1).waitFor()
  assert.equal(await wonOf(given.nth(1).locator('[data-bears=platform]')), goodwill)
  await inAllLooks(desk, 'order', true)

  await until('the card has it', async () => {
    const { adjustments } = await get(guest.tokens, `/v1/orders/${order.id}`)
    return adjustments.length === 2 && adjustments.every((one) => one.refund?.status === 'done')
  })
  await buyer.page.reload()
  await theirs.nth(1).waitFor()
  assert.equal(await wonOf(theirs.nth(1).locator('[data-testid=part-refund]')), rest)
  assert.equal(await wonOf(theirs.nth(1).locator('[data-testid=part-points-back]')), 700)
  await inAllLooks(buyer, 'both', true)
  // Goodwill is no business of the restaurant.
  await kitchen.page.reload()
  await kitchen.page.locator('select[name=restaurant]').selectOption(restaurantId)
  await card.waitFor()
  assert.equal(await card.locator('[data-adjustment]').count(), 1)

  // Support sees both.
  await put(agent, '/v1/agents/me/presence', { online: true })
  const asked = { topic: 'order', order_id: order.id, text: '환불이 됐나요?', client_message_id: crypto.randomUUID() }
  const talk = await post(guest.tokens, '/v1/conversations', asked)
  const support = await join('adjusted-agent', PHONE)
  await keepSession(support.context, 'agent', agent)
  await support.page.goto(at('agent'))
  await support.page.locator(`nav [data-conversation="${talk.id}"]`).click()
  await support.page.locator('[data-testid=order-facts] [data-adjustment] [data-testid=part-refund][data-refund=done]').nth(1).waitFor()
  await inAllLooks(support, 'facts', true)
  await post(agent, `/v1/conversations/${talk.id}/resolve`)

  // The ledger has an entry of its own for each, and the payment says why it went back.
  await page.locator('[data-testid=to-ledger]').click()
  const entries = page.locator('[data-kind=order_adjusted]')
  await entries.nth(1).waitFor()
  assert.match(await entries.first().locator('h3').textContent(), /정산 조정/)
  await inAllLooks(desk, 'ledger', true)
  await page.goto(at('operator', `payments/order/${order.id}`))
  await page.locator('[data-payment]').first().getByRole('link').first().click()
  await page.locator('[data-refund]').nth(1).waitFor()
  assert.match(await page.locator('[data-refund]').first().textContent(), /받은 주문에 문제가 있었어요/)
  await desk.picture('payment', true)
})

await tell('A tip goes back at the cost of the courier who brought it', async (join) => {
  const [owner, operator, rider] = [await demo('owner'), await demo('operator'), await demo('courier')]
  const guest = await customer()
  const steps = ['at_restaurant', 'picked_up', 'at_dropoff', 'delivered']
  const { id } = await carried({ guest, owner, rider, steps })
  await put(rider, '/v1/couriers/me/shift', { on: false })
  const order = await get(guest.tokens, `/v1/orders/${id}`)
  assert.ok(order.tip_won > 0, 'nothing was paid for bringing it')

  const desk = await atDesk(join, 'adjusting-tip', operator, order)
  await desk.open()
  await desk.dialog.locator('input[name=tip]').check()
  // What it does could not be asked for: there is a way on.
  await desk.page.route('**/adjustments/preview', (route) => route.abort(), { times: 1 })
  await desk.choose('reason', 'late')
  await desk.choose('fault', 'courier')
  await desk.dialog.locator('[data-problem="client.unreachable"]').waitFor()
  assert.ok(await desk.confirm.isDisabled(), 'nobody knows what it does')
  await desk.dialog.getByRole('button', { name: '다시 시도' }).click()
  assert.deepEqual(await desk.effect(), { money: order.tip_won, points: 0, borne: { courier: order.tip_won } })
  await desk.confirm.click()
  await desk.dialog.waitFor({ state: 'detached' })
  await desk.page.locator('[data-adjustment] [data-tip]').waitFor()
  await desk.picture('order', true)
  // It goes back once.
  await desk.open()
  assert.equal(await desk.dialog.locator('input[name=tip]').count(), 0)

  const buyer = await join('adjusted-tip', PHONE)
  await keepSession(buyer.context, 'customer', guest.tokens)
  await buyer.page.goto(at('customer', `orders/${id}`))
  assert.equal(await wonOf(buyer.page.locator('[data-adjustment] [data-testid=part-refund]')), order.tip_won)
  await buyer.picture('order', true)
})
