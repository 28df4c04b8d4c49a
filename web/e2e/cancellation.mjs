/**
 * Dishes are taken out of a paid order: by its restaurant on the board, and by an operator. Everybody sees
 * what goes back, to the won. Takes `BASE_URL` and the rest as `story.mjs` does.
 */

import assert from 'node:assert/strict'
import { until } from './browser.mjs'
import { at, customer, demo, get, givePoints, inAllLooks, keepSession, patch, pay, post, put, tell, twoKinds, unit, wonOf } from './people.mjs'

const PHONE = { viewport: { width: 360, height: 780 } }

const lineOf = (order, line) => order.lines.find((one) => one.line_id === line.line_id)

await tell('Dishes that cannot be had are taken out of an order, and their money goes back', async (join) => {
  const [owner, operator, agent] = [await demo('owner'), await demo('operator'), await demo('agent')]
  const guest = await customer()
  const mine = (await get(owner, '/v1/restaurants/mine')).items.map((one) => one.id)
  const restaurantId = await twoKinds(guest, mine)
  // Money covers the second dish and a little more; points cover the rest.
  const { subtotal_won, lines } = await get(guest.tokens, '/v1/cart')
  await givePoints(operator, guest.tokens.user_id, 1_000_000)
  const points = Math.floor((subtotal_won - unit(lines.at(-1)) - 500) / 1_000) * 1_000
  await put(guest.tokens, '/v1/cart/points', { points_won: points })
  const placed = await pay(guest)
  const read = () => get(guest.tokens, `/v1/orders/${placed.id}`)
  await until('it is placed', async () => (await read()).status === 'placed')
  const order = await read()
  const [many, single] = order.lines
  assert.ok(many.quantity >= 2 && single.quantity === 1)

  const buyer = await join('cancellation', PHONE)
  await keepSession(buyer.context, 'customer', guest.tokens)
  await buyer.page.goto(at('customer', `orders/${order.id}`))
  await buyer.page.locator('[data-testid=status][data-status=placed]').waitFor()
  assert.equal(await buyer.page.locator('[data-testid=cancellations]').count(), 0)

  const kitchen = await join('cancelling', PHONE)
  const { page } = kitchen
  await keepSession(kitchen.context, 'owner', owner)
  await page.goto(at('owner'))
  const card = page.locator(`[data-order="${order.id}"]`)
  const dialog = page.locator('dialog[open]')
  const confirm = dialog.locator('[data-testid=cancel-lines-confirm]')
  const more = (line) => dialog.getByRole('group', { name: line.name, exact: true }).getByRole('button', { name: '하나 더하기' })
  await card.locator('[data-testid=cancel-lines]').scrollIntoViewIfNeeded()
  await kitchen.picture('card')

  // By keyboard alone; a refusal is told in the dialog, and leaves what was chosen.
  await card.locator('[data-testid=cancel-lines]').press('Enter')
  assert.ok(await confirm.isDisabled(), 'nothing is chosen')
  assert.ok(await dialog.locator('input[name=sold-out]').isChecked())
  await more(single).press('Enter')
  await inAllLooks(kitchen, 'dialog')
  const keys = []
  const refuse = (route) => {
    keys.push(route.request().headers()['idempotency-key'])
    return route.fulfill({ status: 409, contentType: 'application/problem+json', body: '{"type":"order.too_much_alcohol","status":409}' })
  }
  await page.route('**/cancel-lines', refuse)
  const sent = async (count) => until('it is sent', async () => keys.length === count && (await confirm.isEnabled()))
  await confirm.press('Enter')
  await sent(1)
  await dialog.locator('[data-problem="order.too_much_alcohol"]').waitFor()
  await inAllLooks(kitchen, 'refused')
  await confirm.press('Enter')
  await sent(2)
  await page.unroute('**/cancel-lines', refuse)
  assert.equal(keys[0], keys[1], 'a second press is another wish')

  // All of it is no part of it.
  for (let n = 0; n < many.quantity; n++) await more(many).click()
  await dialog.locator('[data-problem="order.nothing_left"]').waitFor()
  assert.ok(await confirm.isDisabled())
  await inAllLooks(kitchen, 'all')
  for (let n = 0; n < many.quantity; n++) {
    await dialog.getByRole('group', { name: many.name, exact: true }).getByRole('button', { name: '하나 빼기' }).click()
  }
  await confirm.press('Enter')
  await dialog.waitFor({ state: 'detached' })
  await until('the card is without it', async () => !(await card.textContent()).includes(single.name))
  await kitchen.picture('less')

  // The customer sees it at once: the price of the dish goes back, all of it as money.
  const cancellations = buyer.page.locator('[data-cancellation]')
  const refund = cancellations.locator('[data-testid=part-refund]')
  await refund.first().waitFor()
  assert.equal(await wonOf(refund.first()), unit(single))
  assert.equal(await cancellations.locator('[data-testid=part-points-back]').count(), 0)
  assert.match(await cancellations.textContent(), new RegExp(`${single.name} ×1`.replace(/[()]/g, '\\$&')))
  await buyer.page.locator('[data-event="order.lines_cancelled"]').waitFor()
  const shown = (name) => wonOf(buyer.page.locator(`[data-testid=${name}]`))
  assert.equal(await shown('payable'), order.payable_won - unit(single))
  assert.equal(await shown('points'), order.points_won)
  const menus = (await get(guest.tokens, `/v1/restaurants/${restaurantId}/menus`)).groups.flatMap((group) => group.menus)
  assert.ok(menus.find((one) => one.id === single.menu_id).sold_out, 'the dish is to be had')
  await inAllLooks(buyer, 'once', true)

  // An operator takes out another dish: money goes back first, then points.
  const desk = await join('cancelling-operator', PHONE)
  await keepSession(desk.context, 'operator', operator)
  await desk.page.goto(at('operator', `orders/${order.id}`))
  await desk.page.locator('[data-testid=cancel-lines]').click()
  const theirs = desk.page.locator('dialog[open]')
  await theirs.getByRole('group', { name: many.name, exact: true }).getByRole('button', { name: '하나 더하기' }).click()
  await theirs.locator('input[name=sold-out]').uncheck()
  await theirs.locator('[data-testid=cancel-lines-confirm]').click()
  await theirs.waitFor({ state: 'detached' })
  await desk.page.locator('[data-cancellation]').nth(1).waitFor()
  await cancellations.nth(1).waitFor()
  const rest = order.payable_won - unit(single)
  assert.ok(rest > 0 && rest < unit(many), `${rest} is left of the money`)
  for (const one of [buyer, desk]) {
    const second = one.page.locator('[data-cancellation]').nth(1)
    assert.equal(await wonOf(second.locator('[data-testid=part-refund]')), rest)
    assert.equal(await wonOf(second.locator('[data-testid=part-points-back]')), unit(many) - rest)
  }
  assert.equal(await shown('payable'), 0)
  assert.equal(await shown('points'), order.points_won - (unit(many) - rest))
  const after = await read()
  assert.equal(lineOf(after, many).quantity, many.quantity - 1)
  assert.equal(after.payable_won + after.points_won, after.subtotal_won + after.tip_won)
  await inAllLooks(desk, 'order', true)

  // How far it is, where it is done: to the card, and to the points.
  await until('the card has it', async () => (await read()).cancellations.every((one) => one.refund?.status === 'done'))
  assert.equal((await get(guest.tokens, `/v1/payments?order_id=${order.id}`)).items[0].refunded_won, order.payable_won)
  await buyer.page.reload()
  await cancellations.locator('[data-refund=done]').nth(1).waitFor()
  await inAllLooks(buyer, 'done', true)

  // Support sees the same.
  await put(agent, '/v1/agents/me/presence', { online: true })
  const asked = { topic: 'order', order_id: order.id, text: '왜 빠졌나요?', client_message_id: crypto.randomUUID() }
  const talk = await post(guest.tokens, '/v1/conversations', asked)
  const support = await join('cancelling-agent', PHONE)
  await keepSession(support.context, 'agent', agent)
  await support.page.goto(at('agent'))
  await support.page.locator(`nav [data-conversation="${talk.id}"]`).click()
  const facts = support.page.locator('[data-testid=order-facts] [data-testid=part-refund][data-refund=done]')
  await facts.nth(1).waitFor()
  assert.equal((await Promise.all([0, 1].map((n) => wonOf(facts.nth(n))))).reduce((a, b) => a + b), order.payable_won)
  await inAllLooks(support, 'facts', true)
  await post(agent, `/v1/conversations/${talk.id}/resolve`)

  // The last dish stays; a restaurant that has none of it gives up the whole order, and all of it is back.
  await card.locator('[data-testid=cancel-lines]').click()
  for (let n = 1; n < many.quantity; n++) await more(many).click()
  await dialog.locator('[data-problem="order.nothing_left"]').waitFor()
  assert.ok(await confirm.isDisabled())
  await kitchen.picture('last')
  await page.keyboard.press('Escape')
  await post(owner, `/v1/orders/${order.id}/reject`, { reason: 'sold_out' })
  await buyer.page.locator('[data-testid=ending] [data-testid=points-back]').waitFor()
  assert.equal(await shown('points-back'), after.points_won)
  await buyer.picture('rejected', true)
  await until('all points are back', async () => (await get(guest.tokens, '/v1/points')).available_won === 1_000_000)
  await patch(owner, `/v1/menus/${single.menu_id}`, { sold_out: false })
})
