/**
 * What a customer's pages keep, say and ask: back, undo, questions before what cannot be undone,
 * ended orders, history, the pin, the chat. Takes `BASE_URL` and the rest as `story.mjs` does.
 */

import assert from 'node:assert/strict'
import { until } from './browser.mjs'
import { at, base, customer, demo, fillCart, get, keepSession, payOrder, post, tell } from './people.mjs'

const phone = { viewport: { width: 320, height: 640 } }

async function orderOf(guest, ids) {
  await fillCart(guest.tokens, guest.position, ids)
  const home = (await get(guest.tokens, '/v1/users/me/addresses')).items[0].id
  const quote = await post(guest.tokens, '/v1/cart/quote', { address_id: home })
  const order = await post(guest.tokens, '/v1/orders', { quote_id: quote.quote_id })
  await payOrder(guest.tokens, order)
  return order
}

async function reader(join, name, options) {
  const guest = await customer()
  const one = await join(name, options)
  await keepSession(one.context, 'customer', guest.tokens)
  return { ...one, guest }
}

async function inView(locator, what) {
  const box = await locator.boundingBox()
  const { height } = locator.page().viewportSize()
  assert.ok(box && box.y >= 0 && box.y + box.height <= height, `${what} is out of view: ${JSON.stringify(box)}`)
}

await tell('Back keeps search, list and scroll', async (join) => {
  const { page } = await reader(join, 'back', phone)
  await page.goto(at('customer'))
  await page.locator('input[name=q]').fill('역삼')
  await until('the search counts', async () => {
    const names = await page.locator('[data-restaurant] strong').allTextContents()
    return names.length > 3 && names.every((name) => name.includes('역삼'))
  })
  const shown = await page.locator('[data-restaurant]').count()
  const last = page.locator('[data-restaurant]').last()
  await last.scrollIntoViewIfNeeded()
  const y = await page.evaluate(() => scrollY)
  assert.ok(y > 100, 'nothing to scroll')
  const asked = []
  page.on('request', (request) => /\/v1\/restaurants\?/.test(request.url()) && asked.push(request.url()))
  await last.click()
  await page.locator('[data-menu]').first().waitFor()
  assert.equal(await page.evaluate(() => document.activeElement?.tagName), 'H1')
  await page.goBack()
  await until('the scroll is back', async () => (await page.evaluate(() => Math.abs(scrollY))) === y || (await page.evaluate(() => scrollY)))
  assert.equal(await page.locator('input[name=q]').inputValue(), '역삼')
  assert.equal(await page.locator('[data-restaurant]').count(), shown)
  assert.deepEqual(asked, [], 'the list was asked for again')
})

await tell('What goes into the cart is said, and comes out again', async (join) => {
  const { page, picture, guest } = await reader(join, 'added', phone)
  const restaurant = await fillCart(guest.tokens, guest.position)
  const before = await get(guest.tokens, '/v1/cart')
  await page.goto(at('customer', `restaurants/${restaurant.id}`))
  const dish = page.locator('[data-menu]:not([disabled])').nth(1)
  await dish.waitFor()
  await inView(page.locator('[data-testid=basket]'), 'the way to the cart')
  await dish.click()
  const add = page.locator('[data-testid=add-to-cart]')
  await inView(add, 'the button that adds')
  await add.click()
  const toast = page.locator('[data-testid=toast]')
  await toast.waitFor()
  assert.match(await toast.textContent(), /장바구니에 담았어요/)
  assert.ok(await page.locator('.toasts').getAttribute('aria-live'), 'it is not announced')
  await until('the focus is where it was', () => dish.evaluate((one) => one === document.activeElement))
  const dishes = (cart) => cart.lines.reduce((sum, line) => sum + line.quantity, 0)
  const badge = page.locator('nav.sections .count')
  assert.equal(await badge.textContent(), String(dishes(before) + 1))
  await picture('toast')
  await toast.getByRole('button').click()
  await until('it is out again', async () => Number(await badge.textContent()) === dishes(before))
  assert.deepEqual(dishes(await get(guest.tokens, '/v1/cart')), dishes(before))

  await page.goto(at('customer', 'cart'))
  await inView(page.locator('[data-testid=quote]'), 'the button that orders')
  await page.locator('[data-line] button', { hasText: '삭제' }).click()
  await page.getByText('장바구니가 비어 있어요').waitFor()
  await toast.getByRole('button').click()
  await page.locator('[data-line]').waitFor()
  assert.equal(dishes(await get(guest.tokens, '/v1/cart')), dishes(before))
})

await tell('What cannot be taken back is asked first', async (join) => {
  const { page, picture, guest } = await reader(join, 'asked', phone)
  const order = await orderOf(guest)
  await page.goto(at('customer', `orders/${order.id}`))
  const cancel = page.locator('[data-testid=cancel]')
  await cancel.click()
  await page.locator('[data-testid=refrain]').click()
  await page.locator('dialog').waitFor({ state: 'detached' })
  assert.equal((await get(guest.tokens, `/v1/orders/${order.id}`)).status, 'placed')
  // Who leaves has not said yes.
  await cancel.click()
  await page.locator('dialog').waitFor()
  await picture('cancel')
  await page.evaluate(() => (location.hash = '#/orders'))
  await page.locator('dialog').waitFor({ state: 'detached' })
  await page.locator('[data-order]').click()
  await cancel.click()
  assert.match(await page.locator('dialog').textContent(), /모두 돌려드려요/)
  await page.locator('[data-testid=confirm]').click()
  await page.locator('[data-testid=status][data-status=cancelled]').waitFor()
  assert.match(await page.locator('[data-testid=ending]').textContent(), /주문을 취소했어요.*돌려드려요/s)

  await post(guest.tokens, '/v1/users/me/addresses', {
    label: '회사', road_address: '서울특별시 강남구 역삼동', detail: '', entrance_note: '', position: guest.position, is_default: false,
  })
  await page.goto(at('customer', 'addresses'))
  await page.reload()
  const remove = page.getByRole('button', { name: '삭제 회사' })
  await remove.click()
  await page.locator('[data-testid=refrain]').click()
  assert.equal((await get(guest.tokens, '/v1/users/me/addresses')).items.length, 2)
  await remove.click()
  await page.locator('[data-testid=confirm]').click()
  await remove.waitFor({ state: 'detached' })
  assert.equal((await get(guest.tokens, '/v1/users/me/addresses')).items.length, 1)
})

await tell('An order that came to nothing says why, what goes back, and since when', async (join) => {
  const { page, picture, guest } = await reader(join, 'ended', phone)
  const owner = await demo('owner')
  const mine = (await get(owner, '/v1/restaurants/mine')).items.map((one) => one.id)
  const order = await orderOf(guest, mine)
  await page.goto(at('customer', `orders/${order.id}`))
  await page.locator('[data-testid=eta][data-phase=placed]').waitFor()
  await post(owner, `/v1/orders/${order.id}/reject`, { reason: 'sold_out' })
  const ending = page.locator('[data-testid=ending]')
  await ending.waitFor()
  assert.match(await ending.textContent(), /품절됐어요/)
  assert.match(await ending.locator('time').textContent(), /\d+월 \d+일/)
  await page.locator(`[data-testid=refund][data-won="${order.payable_won}"]`).waitFor()
  // Done a moment later: the page that is opened then says when.
  await until('the refund is done', async () => (await get(guest.tokens, `/v1/orders/${order.id}`)).ending.refund.status === 'done')
  await page.reload()
  await page.locator('[data-refund=done]').waitFor()
  await picture('rejected', true)

  const [body, history] = await Promise.all([
    get(guest.tokens, `/v1/orders/${order.id}`),
    get(guest.tokens, `/v1/orders/${order.id}/history`),
  ])
  const others = [
    ['delivery_failed', { fault: 'customer', code: 'customer_unreachable', refund_won: 0, reason: 'In English.' }, /연락하지 못했어요.*환불되지 않아요/s],
    ['delivery_failed', { fault: 'courier', code: 'food_damaged', refund_won: body.payable_won, refund: { status: 'delayed' }, reason: 'x' }, /상했어요.*모두 돌려드려요.*늦어지고/s],
    ['cancelled', { fault: 'customer', code: 'cancel_approved', refund_won: body.tip_won, reason: 'x' }, /취소 요청을 가게가 받아들였어요.* 중 .*돌려드려요/s],
    ['expired', { fault: 'customer', code: 'payment_overdue', refund_won: 0, reason: '' }, /결제 시간이 지나/],
  ]
  for (const [status, why, words] of others) {
    const item = { ...history.items.at(-1), type: `order.${status}`, data: {} }
    await page.route(`**/v1/orders/${order.id}`, (route) => route.fulfill({ json: { ...body, version: body.version + 1, status, ending: why } }))
    await page.route(`**/v1/orders/${order.id}/history`, (route) =>
      route.fulfill({ json: { items: [...history.items.slice(0, -1), item] } }),
    )
    await page.reload()
    await page.locator(`[data-status=${status}]`).waitFor()
    const text = await ending.textContent()
    assert.match(text, words)
    assert.doesNotMatch(text, /English/)
    await page.unroute(`**/v1/orders/${order.id}`)
    await page.unroute(`**/v1/orders/${order.id}/history`)
  }
})

await tell('Orders by day, and an arrival that says what it is', async (join) => {
  const { page, picture, guest } = await reader(join, 'history', phone)
  const owner = await demo('owner')
  const mine = (await get(owner, '/v1/restaurants/mine')).items.map((one) => one.id)
  const order = await orderOf(guest, mine)
  const list = await get(guest.tokens, '/v1/orders')
  const ago = (days) => new Date(Date.now() - days * 86_400_000).toISOString()
  const old = [1, 40, 400].map((days, index) => ({
    ...list.items[0], id: `00000000-0000-7000-8000-00000000000${index}`, status: 'completed', created_at: ago(days), placed_at: ago(days),
  }))
  await page.route(/\/v1\/orders(\?|$)/, (route) => route.fulfill({ json: { ...list, items: [...list.items, ...old] } }))
  await page.goto(at('customer', 'orders'))
  await page.locator('[data-order]').nth(3).waitFor()
  const days = await page.locator('[data-day] h2').allTextContents()
  assert.deepEqual(days.slice(0, 2), ['오늘', '어제'])
  assert.match(days[2], /^\d+월 \d+일 .요일$/)
  assert.match(days[3], /^\d{4}년/)
  await picture('days', true)
  await page.unroute(/\/v1\/orders(\?|$)/)
  // The list follows its orders.
  await page.reload()
  await page.locator(`[data-order="${order.id}"][data-status=placed]`).waitFor()
  await until('the list follows', async () => (await page.evaluate(() => performance.getEntriesByType('resource').length)) > 0)
  await post(owner, `/v1/orders/${order.id}/accept`, { preparation_mins: 20 })
  await page.locator(`[data-order="${order.id}"][data-status=accepted]`).waitFor()
  await page.locator(`[data-order="${order.id}"]`).click()

  const eta = page.locator('[data-testid=eta]')
  await eta.getByText('도착 예정').waitFor()
  assert.match(await eta.textContent(), /가게에서 준비 중.*조리 완료 예정.*도착 예정/s)
  assert.doesNotMatch(await eta.textContent(), /계산|0m|0 m/)
  assert.match(await page.locator('[data-testid=code]').textContent(), /^#[0-9A-Z]{4}$/)
  await picture('cooking', true)
})

await tell('The pin is placed by address and by keyboard, and seen before it is saved', async (join) => {
  const { page, picture, context, guest } = await reader(join, 'pin', phone)
  const sinsa = (await get(guest.tokens, `/v1/places?q=${encodeURIComponent('강남구 신사동')}`)).items[0].position
  await page.goto(at('customer', 'addresses'))
  await page.locator('[data-testid=add-address]').click()
  const save = page.locator('[data-testid=save-address]')
  await inView(save, 'the button that saves')
  await page.locator('input[name=label]').fill('회사')
  await page.locator('input[name=road]').fill('강남구 테헤란로 1')
  await save.click()
  await page.locator('[data-testid=pin-needed]').waitFor()
  await page.locator('input[name=road]').fill('')

  // Denied: it says how to allow it, and another way on.
  await page.locator('[data-testid=here]').click()
  const denied = page.locator('main [data-problem="client.location_denied"]')
  await denied.waitFor()
  assert.match(await denied.textContent(), /사이트 설정.*허용/)
  await picture('denied')

  await page.locator('input[name=place]').fill('서울특별시 강남구 테헤란로 1 (역삼동)')
  await page.locator('[data-testid=find]').click()
  const pin = page.locator('[data-testid=marker-dropOff]')
  await pin.waitFor()
  assert.equal(await page.locator('input[name=road]').inputValue(), '서울 강남구 테헤란로 1')
  assert.equal(await denied.count(), 0)
  await page.waitForFunction(() => document.querySelector('[data-ready=true]'))
  // A map that a hand has moved shows what is found next all the same.
  const map = page.locator('.map')
  await map.scrollIntoViewIfNeeded()
  const box = await map.boundingBox()
  await page.mouse.move(box.x + 60, box.y + 60)
  await page.mouse.down()
  await page.mouse.move(box.x + 200, box.y + 160, { steps: 4 })
  await page.mouse.up()
  await page.locator('input[name=place]').fill('신사동')
  await page.locator('[data-testid=find]').click()
  await page.getByRole('button', { name: '강남구 신사동' }).click()
  const place = () => pin.evaluate((marker) => marker.style.transform)
  const told = page.locator('[data-testid=pin]')
  let calm = ''
  await until('the map has come to rest', async () => calm === (calm = await place()))
  const inside = await pin.evaluate((marker) => {
    const [one, all] = [marker.getBoundingClientRect(), marker.closest('.map').getBoundingClientRect()]
    return one.left > all.left && one.right < all.right && one.top > all.top && one.bottom < all.bottom
  })
  assert.ok(inside, 'the pin is outside of the map')
  await page.locator('.map canvas').focus()
  await page.keyboard.press('ArrowUp')
  await until('the pin moves', async () => (await place()) !== calm)
  assert.match(await told.textContent(), /옮겼어요/)
  await picture('pin', true)
  let sent
  page.on('request', (request) => {
    if (request.method() === 'POST' && /addresses$/.test(request.url())) sent = request.postDataJSON()
  })
  await save.click()
  await page.locator('[data-restaurant]').first().waitFor()
  await page.locator('[data-testid=toast]', { hasText: '회사' }).waitFor()
  // A little to the north of where the address was found.
  const [north, east] = [sent.position.lat - sinsa.lat, Math.abs(sent.position.lon - sinsa.lon)]
  assert.ok(north > 0 && north < 0.01 && east < 1e-6, JSON.stringify([sent.position, sinsa]))
  await context.close()
})

await tell('A chat keeps what is written, is read when it is looked at, and stays', async (join) => {
  const { page, picture, guest } = await reader(join, 'chat', phone)
  const agent = await demo('agent')
  const call = (tokens, method, path, body) =>
    fetch(base + path, {
      method,
      headers: { 'content-type': 'application/json', 'idempotency-key': crypto.randomUUID(), authorization: `Bearer ${tokens.access_token}` },
      body: JSON.stringify(body),
    })
  await call(agent, 'PUT', '/v1/agents/me/presence', { online: true, capacity: 50 })
  const order = await orderOf(guest)
  await page.goto(at('customer', `orders/${order.id}`))
  await page.locator('[data-testid=ask]').click()
  const field = page.locator('[data-testid=chat] textarea')
  await field.fill('아직 보내지 않은 말')
  await page.goto(at('customer', 'orders'))
  await page.goBack()
  await page.reload()
  await page.locator('[data-testid=ask]').click()
  assert.equal(await field.inputValue(), '아직 보내지 않은 말')
  await field.press('Enter')
  await page.locator('[data-testid=chat] [data-seq]').first().waitFor()
  const talk = (await get(guest.tokens, '/v1/conversations')).items[0]
  await until('an agent has it', async () => (await get(guest.tokens, `/v1/conversations/${talk.id}`)).agent_id != null)
  // At the page's top the chat is out of view.
  await page.reload()
  await page.locator('[data-testid=standing]').waitFor()
  await page.evaluate(() => scrollTo(0, 0))
  await post(agent, `/v1/conversations/${talk.id}/messages`, { text: '곧 도착해요.', client_message_id: crypto.randomUUID() })
  await page.locator('[data-testid=unread]').waitFor()
  assert.match(await page.title(), /^\(1\)/)
  assert.ok((await get(guest.tokens, `/v1/conversations/${talk.id}`)).customer_read_seq < 2, 'nobody looked at it')
  await page.locator('[data-testid=chat] [data-seq]').last().scrollIntoViewIfNeeded()
  await page.locator('[data-testid=unread]').waitFor({ state: 'detached' })
  await until('it is read', async () => (await get(guest.tokens, `/v1/conversations/${talk.id}`)).customer_read_seq >= 2)
  await call(agent, 'POST', `/v1/conversations/${talk.id}/resolve`)
  await page.locator('[data-testid=standing]', { hasText: '끝났어요' }).waitFor()
  await page.reload()
  await page.locator('[data-testid=chat] [data-seq]', { hasText: '곧 도착해요' }).waitFor()
  await picture('resolved', true)
  await call(agent, 'PUT', '/v1/agents/me/presence', { online: false })
})
