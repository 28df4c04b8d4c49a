/**
 * From the cart to a paid order: what is paid with is saved in the payment window and kept in the
 * account, or pays once in it and is not saved, a declined card leads on, collecting and ordering for later are wishes of the quote,
 * refusals have words. Takes `BASE_URL` and the rest as `story.mjs` does.
 */

import assert from 'node:assert/strict'
import { until } from './browser.mjs'
import { at, base, CARDS, customer, fillCart, get, inAllLooks, keepSession, saveMethod, tell } from './people.mjs'

/** The payment window is a page of the sandbox. */
const hosts = [`127.0.0.1:${process.env.BAEDAL_SANDBOX_PORT}`]

/** At the cart, with what is saved to pay with. */
async function atCart(join, name, saved = [CARDS.approved], width = 390) {
  const guest = await customer()
  for (const number of saved) await saveMethod(guest.tokens, number)
  const restaurant = await fillCart(guest.tokens, guest.position)
  const buyer = await join(name, { viewport: { width, height: 844 }, hosts })
  await keepSession(buyer.context, 'customer', guest.tokens)
  await buyer.page.goto(at('customer', 'cart'))
  await buyer.page.locator('[data-testid=quote]').waitFor()
  return { ...buyer, tokens: guest.tokens, restaurant }
}

/** Agrees in the payment window, or closes it. */
async function answerWindow(page, number, answer = 'agree') {
  await page.locator(`input[name=number][value="${number}"]`).check()
  await page.locator(`button[value=${answer}]`).click()
}

async function quoteAndPay(page) {
  await page.locator('[data-testid=quote]').click()
  await pay(page)
  return page.url().split('/').at(-1)
}

async function pay(page) {
  await page.locator('[data-testid=pay]:enabled').click()
  await page.waitForURL(/#\/orders\/[0-9a-f-]{36}$/)
}

const status = (page, wanted) => page.locator(`[data-testid=status][data-status=${wanted}]`).waitFor()

await tell('A card is saved at the checkout, is declined, and another one is saved and pays', async (join) => {
  const { page, picture, tokens } = await atCart(join, 'declined', [])
  await page.locator('[data-testid=quote]').click()
  await page.locator('input[name=note]').fill('젓가락은 빼 주세요')
  await picture('nothing-saved', true)
  const lines = (await get(tokens, '/v1/cart')).lines

  // Who closes the window is told so, and goes back to all that they had.
  await page.locator('[data-testid=add-card]').click()
  await answerWindow(page, CARDS.declined, 'cancel')
  await page.getByText('아무것도 등록하지 않았어요').waitFor()
  assert.equal(new URL(page.url()).search, '', 'what the window said stays in the address')
  await picture('closed')
  await page.locator('[data-testid=begin-again]').click()
  await answerWindow(page, CARDS.declined)
  await page.locator('[data-testid=pay]:enabled').waitFor()
  assert.deepEqual((await get(tokens, '/v1/cart')).lines, lines, 'the cart is another one')
  assert.equal(await page.locator('input[name=note]').inputValue(), '젓가락은 빼 주세요')
  assert.equal(new URL(page.url()).search, '', 'what the window said stays in the address')
  await picture('saved', true)

  await pay(page)
  const orderId = page.url().split('/').at(-1)
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

  await page.locator('[data-testid=pay-again]:enabled').click()
  await until('the second decline is told', async () => (await page.getByText('The card was declined', { exact: true }).count()) === 2)
  await told.waitFor()
  await page.locator('[data-testid=add-card]').click()
  await answerWindow(page, CARDS.approved)
  await page.waitForURL(new RegExp(`#/orders/${orderId}$`))
  await page.locator('[data-testid=pay-again]:enabled').waitFor()
  await until('the new card is chosen', async () => page.locator('input[name=payment-method]').nth(1).isChecked())
  await picture('another', true)
  await page.locator('[data-testid=pay-again]').click()
  await status(page, 'placed')
  assert.equal(page.url().split('/').at(-1), orderId)
  await until('the cart is empty', async () => (await get(tokens, '/v1/cart')).lines.length === 0)
})

await tell('An order is paid once in the window, and nothing is saved', async (join) => {
  const { page, picture, tokens } = await atCart(join, 'once', [], 360)
  const once = page.locator('input[name=payment-method][value=once]')
  const message = page.locator('main [role=status]')
  await page.locator('[data-testid=quote]').click()
  await until('it is paid once where nothing is saved', async () => (await once.count()) === 1 && once.isChecked())
  await inAllLooks({ page, picture }, 'nothing-saved', true)

  // Who closes the window is told that nothing was charged, and pays at the order's page.
  await page.locator('[data-testid=pay]:enabled').click()
  await answerWindow(page, CARDS.approved, 'cancel')
  await page.getByText('청구된 금액은 없어요').waitFor()
  const [, orderId] = /#\/orders\/([0-9a-f-]{36})\/payment$/.exec(page.url())
  assert.equal(new URL(page.url()).search, '', 'what the window said stays in the address')
  await inAllLooks({ page, picture }, 'closed')
  await page.locator('[data-testid=go-back]').click()
  await status(page, 'pending_payment')
  await message.filter({ hasText: '아직 결제하지 않은 주문' }).waitFor()
  await until('it is paid once again', async () => (await once.count()) === 1 && once.isChecked())
  await inAllLooks({ page, picture }, 'waits', true)

  // A card is declined, which the order tells.
  await page.locator('[data-testid=pay-again]:enabled').click()
  await answerWindow(page, CARDS.declined)
  await page.waitForURL(new RegExp(`#/orders/${orderId}$`))
  const told = page.locator('[data-testid=declined]')
  await told.waitFor()
  assert.match(await told.textContent(), /승인하지 않았어요.*청구된 금액은 없고/s)
  assert.ok((await get(tokens, '/v1/cart')).lines.length > 0, 'the cart went with the card')
  await picture('declined', true)

  // What the server does not take says why, and leads back to the order.
  const confirmations = '**/payment-confirmations'
  await page.route(confirmations, (route) =>
    route.fulfill({ status: 409, contentType: 'application/problem+json', body: '{"type":"payment.request_expired","status":409}' }),
  )
  await page.locator('[data-testid=pay-again]:enabled').click()
  await answerWindow(page, CARDS.approved)
  const expired = page.locator('main [data-problem="payment.request_expired"]')
  await expired.waitFor()
  assert.match(await expired.textContent(), /결제 시간이 지났어요/)
  assert.equal(await page.getByRole('button', { name: '다시 시도' }).count(), 0)
  await page.locator('[data-testid=go-back]').click()
  await page.unroute(confirmations)

  // Where the answer is lost, a reload sends the same again, and nothing is paid twice.
  let lost = 0
  await page.route(confirmations, async (route) => {
    if (++lost > 1) return route.fallback()
    await route.fetch()
    await route.abort()
  })
  await page.locator('[data-testid=pay-again]:enabled').click()
  await answerWindow(page, CARDS.approved)
  await page.locator('main [data-problem="client.unreachable"]').waitFor()
  await inAllLooks({ page, picture }, 'answer-lost')
  await page.reload()
  await page.waitForURL(new RegExp(`#/orders/${orderId}$`))
  await status(page, 'placed')
  await until('the cart is empty', async () => (await get(tokens, '/v1/cart')).lines.length === 0)
  assert.equal(await page.locator('nav a[href="#/cart"]').textContent().then((text) => /\d/.test(text)), false, 'the cart still counts')
  const payments = (await get(tokens, `/v1/payments?order_id=${orderId}`)).items
  assert.deepEqual(payments.map((one) => one.status).toSorted(), ['aborted', 'done'])
  assert.deepEqual((await get(tokens, '/v1/payment-methods')).items, [])

  // Nothing of another tab's visit is believed: the order is where to look.
  await page.goto(`${base}/?payment_window=${crypto.randomUUID()}&order=${orderId}&paymentKey=stolen&amount=1`)
  await page.getByText('이 탭에는 끝낼 결제가 없어요').waitFor()
  assert.equal(page.url(), at('customer', `orders/${orderId}/payment`))
  await inAllLooks({ page, picture }, 'not-ours')
  await page.locator('[data-testid=go-back]').click()
  await status(page, 'placed')
})

await tell('Somebody with a saved card pays once by another one', async (join) => {
  const { page, picture } = await atCart(join, 'once-beside', [CARDS.approved], 360)
  await page.locator('[data-testid=quote]').click()
  const ways = page.locator('input[name=payment-method]')
  await until('the saved card is chosen', async () => (await ways.count()) === 2 && ways.first().isChecked())
  await ways.last().check()
  await picture('chosen', true)
  await page.locator('[data-testid=pay]:enabled').click()
  await page.locator('button[value=cancel]').waitFor()
  // By the browser's own button, the order is there and waits.
  await page.goBack()
  await page.waitForURL(/#\/orders\/[0-9a-f-]{36}$/)
  await status(page, 'pending_payment')
  await page.locator('[data-testid=pay-again]:enabled').waitFor()

  // The payment company is slow: the order's page waits for what it says.
  await ways.last().check()
  await page.locator('[data-testid=pay-again]:enabled').click()
  await answerWindow(page, CARDS.answerLost)
  await page.getByText('결제하고 있어요').waitFor()
  await picture('paying')
  await page.waitForURL(/#\/orders\/[0-9a-f-]{36}$/)
  const outcome = page.locator('[data-testid=status][data-status=placed]')
  await page.getByText('결제 결과를 확인하고 있어요').or(outcome).first().waitFor()
  await picture('checking', true)
  await outcome.waitFor({ timeout: 30_000 })
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
  const { page, picture, tokens, restaurant } = await atCart(join, 'later', undefined, 360)
  const chips = (name) => page.locator(`dialog label:has(input[name=${name}])`)
  const take = page.locator('[data-testid=take-slot]')
  const part = page.locator('[data-testid=slot]')
  await page.locator('input[name=later]').nth(1).check()
  await part.getByText('아직 시간을 고르지').waitFor()
  // Without a time there is nothing to ask the price of.
  await page.locator('[data-testid=quote]').click()
  await chips('day').first().waitFor()
  assert.equal(await chips('day').count(), 8, 'today and a week')
  assert.ok(await take.isDisabled())

  // Where they cannot be read, another try does it.
  const slots = '**/slots?*'
  await page.route(slots, (route) => route.abort())
  await chips('day').nth(1).click()
  await page.locator('dialog [data-problem="client.unreachable"]').waitFor()
  await picture('offline')
  await page.unroute(slots)
  await page.locator('dialog').getByRole('button', { name: '다시 시도' }).click()
  await chips('slot').first().waitFor()

  // Days without any say so; a full one is shown, and cannot be chosen.
  const answers = (items) => (route) => route.fulfill({ contentType: 'application/json', body: JSON.stringify({ items }) })
  await page.route(slots, answers([]))
  await chips('day').nth(2).click()
  await page.locator('dialog [data-state=empty]').waitFor()
  await inAllLooks({ page, picture }, 'none')
  await page.unroute(slots)
  const near = `lat=${restaurant.position.lat}&lon=${restaurant.position.lon}`
  const tomorrow = new Date(Date.now() + (24 + 9) * 3_600_000).toISOString().slice(0, 10)
  const { items } = await get(null, `/v1/restaurants/${restaurant.id}/slots?day=${tomorrow}&${near}`)
  const [full, wanted] = items.slice(-6)
  await page.route(slots, answers(items.map((one) => ({ ...one, full: one === full }))))
  await chips('day').nth(1).click()
  const chip = (slot) => page.locator(`[data-chip="${slot.starts_at}"]`)
  await chip(full).getByText('마감').waitFor()
  assert.ok(await chip(full).locator('input').isDisabled())
  assert.equal(await chips('slot').count(), items.length)
  // By the keyboard, too: from the slot before the full one to the one after it.
  const before = items.at(-7)
  await chip(before).click()
  await page.keyboard.press('ArrowRight')
  await until('the arrow leaps over what is full', async () => chip(wanted).locator('input').isChecked())
  assert.match(await take.textContent(), /내일 \d\d:\d\d–\d\d:\d\d/)
  await inAllLooks({ page, picture }, 'slots')
  await chip(wanted).scrollIntoViewIfNeeded()
  await picture('chosen')
  await page.keyboard.press('Enter')
  await page.locator('dialog').waitFor({ state: 'detached' })
  await part.locator(`[data-slot="${wanted.starts_at}"]`).waitFor()

  // What is gone when it is looked at again is told.
  await page.unroute(slots)
  await page.route(slots, answers(items.map((one) => ({ ...one, full: one.starts_at === wanted.starts_at }))))
  await page.locator('input[name=fulfilment][value=pickup]').check()
  await part.locator(`[data-gone="${wanted.starts_at}"]`).waitFor()
  await inAllLooks({ page, picture }, 'gone', true)
  await page.locator('[data-testid=choose-slot]').click()
  await page.locator('dialog [data-gone]').waitFor()
  assert.ok(await take.isDisabled())
  await inAllLooks({ page, picture }, 'gone-dialog')
  await page.keyboard.press('Escape')
  await page.unroute(slots)
  await page.locator('input[name=fulfilment][value=delivery]').check()
  await part.locator(`[data-slot="${wanted.starts_at}"]`).waitFor()

  // A price is asked for what was free when it was chosen; the refusal says since when it can be had.
  const late = { ...items[0], starts_at: new Date(Math.floor(Date.now() / 1_800_000) * 1_800_000).toISOString() }
  await page.route(slots, answers([late]))
  await page.locator('[data-testid=choose-slot]').click()
  await chips('day').first().click()
  await chips('slot').first().click()
  await take.click()
  await page.unroute(slots)
  const asked = page.waitForRequest((request) => request.url().includes('/slots?'))
  await page.locator('[data-testid=quote]').click()
  const refused = page.locator('[data-cart-problem=slot_out_of_range]')
  await refused.waitFor()
  assert.match(await refused.textContent(), /[가-힣].*–/)
  await asked
  await picture('too-soon', true)

  await page.locator('[data-testid=choose-slot]').click()
  await chips('day').nth(1).click()
  await chip(wanted).click()
  await take.click()
  const orderId = await quoteAndPay(page)
  await status(page, 'scheduled')
  const order = await get(tokens, `/v1/orders/${orderId}`)
  assert.equal(Date.parse(order.slot), Date.parse(wanted.starts_at))
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

await tell('What is paid with is kept in the account', async (join) => {
  const guest = await customer()
  const { page, context, picture } = await join('methods', { viewport: { width: 390, height: 844 }, hosts })
  await keepSession(context, 'customer', guest.tokens)
  await page.goto(at('customer', 'account'))
  await page.locator('[data-section="/account/payment-methods"]').click()
  const all = page.locator('[data-method]')
  await page.locator('[data-state=empty]').waitFor()
  await picture('none')

  // A sign-in of a while ago: they prove who they are, and go on.
  let asked = 0
  await page.route('**/v1/payment-methods/registrations', (route) =>
    ++asked > 1 ? route.fallback() : route.fulfill({ status: 403, contentType: 'application/problem+json', body: '{"type":"auth.step_up_required","status":403}' }),
  )
  await page.locator('[data-testid=add-card]').click()
  await page.locator('[data-testid=step-up] input[name=password]').fill(guest.password)
  await page.locator('[data-testid=prove]').click()

  // What was agreed to is not lost where the answer is, and a reload saves it once.
  let lost = 0
  await page.route('**/completion', async (route) => {
    if (++lost > 1) return route.fallback()
    await route.fetch()
    await route.abort()
  })
  await answerWindow(page, CARDS.approved)
  await page.locator('main [data-problem="client.unreachable"]').waitFor()
  await picture('lost')
  await page.reload()
  await page.waitForURL(/#\/account\/payment-methods$/)
  await all.first().waitFor()
  assert.equal(await all.count(), 1)
  assert.match(await all.first().textContent(), /신한카드.*기본.*9420 0001 \*\*\*\* 000\*/s)

  await page.locator('[data-testid=add-bank]').click()
  await answerWindow(page, CARDS.bank)
  const bank = all.nth(1)
  await bank.waitFor()
  assert.match(await bank.textContent(), /신한은행.*계좌/s)
  await bank.locator('[data-testid=make-default]').click()
  await bank.locator('[data-testid=default]').waitFor()
  assert.equal(await all.locator('[data-testid=default]').count(), 1)
  await picture('two', true)
  await page.getByRole('button', { name: 'English' }).click()
  assert.match(await bank.textContent(), /Shinhan Bank.*Default.*Bank account/s)
  await picture('english', true)

  await all.first().locator('[data-testid=remove-method]').click()
  await picture('ask')
  await page.locator('[data-testid=refrain]').click()
  assert.equal(await all.count(), 2)
  await all.first().locator('[data-testid=remove-method]').click()
  await page.locator('[data-testid=confirm]').click()
  await until('one is left', async () => (await all.count()) === 1)
  const left = (await get(guest.tokens, '/v1/payment-methods')).items
  assert.deepEqual(left.map((one) => [one.kind, one.is_default]), [['bank', true]])

  // Nothing of another tab's visit is believed.
  await page.goto(`${base}/?payment_window=${crypto.randomUUID()}&authKey=stolen`)
  await page.locator('[data-testid=begin-again]').waitFor()
  assert.equal(page.url(), at('customer', 'account/payment-methods/return'))
  await picture('not-ours')
  await page.locator('[data-testid=go-back]').click()
  await all.first().waitFor()

  // Without the company's script there are words, and another try.
  await page.route(`http://${hosts[0]}/**`, (route) => route.abort())
  await page.locator('[data-testid=add-card]').click()
  await page.locator('main [data-problem="client.payment_window"]').waitFor()
  await page.unroute(`http://${hosts[0]}/**`)
  await page.locator('[data-testid=add-card]').click()
  await page.locator('button[value=cancel]').waitFor()
  // By the browser's own button, the page is as it was.
  await page.goBack()
  await page.locator('[data-testid=add-card]:enabled').waitFor()
})
