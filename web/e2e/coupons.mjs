/**
 * Coupons from their start to their use: an operator starts and withdraws them, a customer claims them,
 * chooses them in the cart, and pays less or nothing. Takes `BASE_URL` and the rest as `story.mjs` does.
 */

import assert from 'node:assert/strict'
import { breakable, until } from './browser.mjs'
import { at, campaign, customer, demo, fillCart, get, inAllLooks, keepSession, post, saveMethod, tell, wonOf } from './people.mjs'

const PHONE = { viewport: { width: 390, height: 844 } }
/** A code that no story had before. */
const newCode = () => `ST${crypto.randomUUID().replaceAll('-', '').slice(0, 12)}`.toUpperCase()

/** Starts a campaign in the form, which is open; answers its id. */
async function startCampaign(page, name, won, code) {
  await page.locator('input[name=name]').fill(name)
  await page.locator('input[name=won]').fill(String(won))
  await page.locator('input[name=code]').fill(code)
  await page.locator('[data-testid=start-campaign]').click()
  await page.waitForURL(/#\/coupons\/[0-9a-f-]{36}$/)
  await page.locator('[data-campaign][data-state=running]').waitFor()
  return page.url().split('/').at(-1)
}

await tell('Coupons are started, claimed, chosen and used, to the won', async (join) => {
  const merchant = await join('merchant', PHONE)
  await keepSession(merchant.context, 'operator', await demo('operator'))
  const desk = merchant.page
  await desk.goto(at('operator', 'payments'))
  await desk.getByRole('link', { name: '쿠폰', exact: true }).click()
  await desk.locator('[data-testid=new-campaign]').click()
  await desk.locator('[data-testid=start-campaign]').waitFor()
  await inAllLooks(merchant, 'form', true)

  // What is wrong is told at its field.
  const told = (pointer) => desk.locator(`[data-fault="${pointer}"]`)
  await desk.locator('input[name=name]').fill('이야기 3,000원')
  await desk.locator('textarea[name=shops]').fill('역삼 치킨')
  await desk.locator('[data-testid=start-campaign]').click()
  await told('/restaurant_ids').waitFor()
  await desk.locator('textarea[name=shops]').fill('')
  await desk.locator('input[name=code]').fill('!?')
  await desk.locator('input[name=until]').fill('2020-01-01T00:00')
  await desk.locator('[data-testid=start-campaign]').click()
  await told('/code').waitFor()
  assert.match(await told('/code').textContent(), /4~20자/)
  await told('/until').waitFor()
  assert.equal(await told('/restaurant_ids').count(), 0)
  await merchant.picture('faults', true)
  await desk.locator('input[name=until]').fill(new Date(Date.now() + 3 * 86_400_000).toISOString().slice(0, 16))
  const code = newCode()
  const withCode = await startCampaign(desk, '이야기 3,000원', 3_000, code)
  await inAllLooks(merchant, 'campaign', true)
  await desk.goto(at('operator', 'coupons/new'))
  await desk.locator('input[name=name]').fill('같은 코드')
  await desk.locator('input[name=code]').fill(code.toLowerCase())
  await desk.locator('[data-testid=start-campaign]').click()
  await told('/code').waitFor()
  assert.match(await told('/code').textContent(), /다른 쿠폰이 쓰는 코드/)
  const forAll = await startCampaign(desk, '누구나 1,000원', 1_000, '')

  const guest = await customer()
  await saveMethod(guest.tokens)
  await fillCart(guest.tokens, guest.position)
  const buyer = await join('coupons', PHONE)
  const { page, context } = buyer
  await keepSession(context, 'customer', guest.tokens)
  await page.goto(at('customer', 'account'))
  await page.locator('[data-section="/account/coupons"]').click()
  await page.locator('[data-state=empty]').first().waitFor()
  const refused = page.locator('[data-fault="/code"]')
  const claim = async (typed) => {
    await page.locator('input[name=code]').fill(typed)
    await page.locator('[data-testid=claim-code]').click()
  }
  await claim('NOSUCHCODE1')
  await refused.waitFor()
  assert.match(await refused.textContent(), /코드를 다시 확인/)
  await buyer.picture('wrong-code', true)
  // However it is written.
  await claim(` ${code.toLowerCase().replace(/^(.{4})/, '$1-')} `)
  const coupons = page.locator('[data-coupon]')
  await coupons.first().waitFor()
  assert.equal(await refused.count(), 0)
  await claim(code)
  await refused.waitFor()
  assert.match(await refused.textContent(), /이미 받은 쿠폰/)
  assert.equal(await coupons.count(), 1)

  const offered = page.locator(`[data-offered="${forAll}"]`)
  await offered.locator('[data-testid=claim-offered]').click()
  await page.locator(`[data-offered="${forAll}"][data-refusal="coupon.already_claimed"]`).waitFor()
  await until('both are there', async () => (await coupons.count()) === 2)
  await inAllLooks(buyer, 'mine', true)

  // One of each kind: the second order coupon takes the place of the first.
  await page.goto(at('customer', 'cart'))
  const subtotal = (await get(guest.tokens, '/v1/cart')).subtotal_won
  await page.locator('[data-testid=choose-coupons]').click()
  const dialog = page.locator('dialog[open]')
  const option = (name) => dialog.getByRole('radio', { name })
  await option('누구나 1,000원').check()
  await until('it is chosen', async () => (await get(guest.tokens, '/v1/cart')).coupons[0]?.discount_won === 1_000)
  await option('이야기 3,000원').check()
  const chosen = page.locator('[data-testid=coupons] [data-chosen]')
  await until('the other one is chosen', async () => (await chosen.count()) === 1 && (await wonOf(chosen)) === 3_000)
  await option('쓰지 않기').check()
  await until('none is chosen', async () => (await chosen.count()) === 0)
  await option('이야기 3,000원').check()
  await until('it is chosen again', async () => (await chosen.count()) === 1)
  await buyer.picture('choosing')
  await page.locator('[data-testid=coupons-done]').click()
  await inAllLooks(buyer, 'cart', true)
  assert.match(await page.locator('[data-testid=quote]').textContent(), new RegExp((subtotal - 3_000).toLocaleString('ko-KR')))

  await page.locator('[data-testid=quote]').click()
  await page.locator('[data-testid=pay]:enabled').waitFor()
  const line = page.locator('[data-discount=order]')
  assert.equal(await wonOf(line), 3_000)
  await inAllLooks(buyer, 'quote', true)
  const payable = await wonOf(page.locator('[data-testid=payable]'))
  await page.locator('[data-testid=pay]:enabled').click()
  await page.waitForURL(/#\/orders\/[0-9a-f-]{36}$/)
  await page.locator('[data-testid=status][data-status=placed]').waitFor()
  const orderId = page.url().split('/').at(-1)
  const order = await get(guest.tokens, `/v1/orders/${orderId}`)
  assert.equal(order.payable_won, order.subtotal_won + order.tip_won - 3_000)
  assert.equal(order.payable_won, payable)
  assert.equal(await wonOf(line), 3_000)
  assert.equal(await wonOf(page.locator('[data-testid=payable]')), payable)
  await inAllLooks(buyer, 'order', true)
  const paid = (await get(guest.tokens, `/v1/payments?order_id=${orderId}`)).items
  assert.deepEqual(paid.map((one) => one.amount_won), [payable])

  await page.goto(at('customer', 'account/coupons'))
  const used = page.locator('[data-coupon][data-state=redeemed]')
  await used.waitFor()
  assert.match(await used.textContent(), /이야기 3,000원/)
  await inAllLooks(buyer, 'used', true)
  await used.locator('[data-testid=to-order]').click()
  await page.locator('[data-testid=status][data-status=placed]').waitFor()

  // The operator sees it in the order, and ends what they began.
  await desk.goto(at('operator', `orders/${orderId}`))
  await desk.locator('[data-discount=order]').waitFor()
  await merchant.picture('order', true)
  for (const id of [withCode, forAll]) {
    await desk.goto(at('operator', `coupons/${id}`))
    await desk.locator('[data-testid=issued]').waitFor()
    assert.match(await desk.locator('[data-testid=issued]').textContent(), /^1장/)
    await desk.locator('[data-testid=withdraw-campaign]').click()
    await merchant.picture('question')
    await desk.locator('[data-testid=confirm]').click()
    await desk.locator('[data-campaign][data-state=withdrawn]').waitFor()
    assert.equal(await desk.locator('[data-testid=withdraw-campaign]').count(), 0)
  }
  await desk.goto(at('operator', 'coupons'))
  await desk.locator(`[data-campaign="${forAll}"][data-state=withdrawn]`).waitFor()
  await inAllLooks(merchant, 'campaigns')
  await page.goto(at('customer', 'account/coupons'))
  await page.locator('[data-coupon][data-state=over]').waitFor()
  assert.equal(await page.locator(`[data-offered="${forAll}"]`).count(), 0)
})

await tell('An order for which there is nothing to pay is placed without a payment', async (join) => {
  const operator = await demo('operator')
  const guest = await customer()
  const restaurant = await fillCart(guest.tokens, guest.position)
  const all = { by: 'percent', percent: 100, at_most_won: 1_000_000 }
  const terms = [
    { name: '음식 모두', kind: 'order', benefit: all },
    { name: '배달팁 모두', kind: 'delivery', benefit: all },
    { name: '백만 원부터', kind: 'order', benefit: { by: 'amount', won: 1_000 }, minimum_won: 1_000_000 },
  ]
  for (const one of terms) {
    const code = newCode()
    await campaign(operator, { ...one, code })
    await post(guest.tokens, '/v1/coupons', { by: 'code', code })
  }

  const buyer = await join('free', PHONE)
  const { page, context, picture } = buyer
  await keepSession(context, 'customer', guest.tokens)
  const payments = []
  page.on('request', (request) => {
    if (/\/payments$/.test(request.url()) && request.method() === 'POST') payments.push(request.url())
  })
  const connection = await breakable(page)
  await page.goto(at('customer', 'cart'))
  await page.locator('[data-testid=choose-coupons]').click()
  const dialog = page.locator('dialog[open]')
  await dialog.locator('[data-why=tip_unknown]').waitFor()
  assert.match(await dialog.locator('[data-why=below_minimum]').textContent(), /원 더 담으면 쓸 수 있어요/)
  assert.equal(await dialog.getByRole('radio', { name: '백만 원부터' }).isDisabled(), true)
  await dialog.getByRole('radio', { name: '음식 모두' }).check()
  await dialog.getByRole('radio', { name: '배달팁 모두' }).check()
  const chosen = page.locator('[data-testid=coupons] [data-chosen]')
  await until('both are chosen', async () => (await chosen.count()) === 2)
  await picture('choosing')

  // Another device was faster, of which the page did not hear: that is said, and the cart is what it is now.
  await connection.down()
  const { lines } = await get(guest.tokens, '/v1/cart')
  await post(guest.tokens, '/v1/cart/lines', {
    restaurant_id: restaurant.id,
    menu_id: lines[0].menu_id,
    quantity: 1,
    options: lines[0].options.map(({ option_id, quantity }) => ({ option_id, quantity })),
  })
  const without = dialog.locator('[data-kind=order]').getByRole('radio', { name: '쓰지 않기' })
  await without.check()
  await dialog.locator('[data-problem]').waitFor()
  await until('what is chosen is shown', async () => dialog.getByRole('radio', { name: '음식 모두' }).isChecked())
  assert.equal((await get(guest.tokens, '/v1/cart')).coupons.length, 2)
  await picture('stale')
  await connection.up()
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'detached' })

  await page.locator('[data-testid=quote]').click()
  const free = page.locator('[data-testid=order-free]:enabled')
  await free.waitFor()
  assert.equal(await wonOf(page.locator('[data-testid=payable]')), 0)
  assert.equal(await page.locator('[data-testid=pay-with]').count(), 0)
  await inAllLooks(buyer, 'quote', true)
  await free.click()
  await page.waitForURL(/#\/orders\/[0-9a-f-]{36}$/)
  await page.locator('[data-testid=status][data-status=placed]').waitFor()
  const order = await get(guest.tokens, `/v1/orders/${page.url().split('/').at(-1)}`)
  assert.equal(order.payable_won, 0)
  assert.equal(order.discounts.reduce((sum, one) => sum + one.amount_won, 0), order.subtotal_won + order.tip_won)
  await picture('placed', true)
  assert.deepEqual(payments, [])
  assert.deepEqual((await get(guest.tokens, '/v1/payments')).items, [])
  assert.deepEqual((await get(guest.tokens, '/v1/cart')).lines, [])

  // Nothing goes back but the coupons.
  await page.locator('[data-testid=cancel]').click()
  assert.match(await page.locator('dialog[open]').textContent(), /쿠폰은 돌려드려요/)
  await page.locator('[data-testid=confirm]').click()
  await page.locator('[data-testid=status][data-status=cancelled]').waitFor()
  await picture('cancelled', true)
  await until('the coupons are back', async () =>
    (await get(guest.tokens, '/v1/coupons')).items.every((one) => one.state === 'claimed'),
  )
})

await tell('A coupon of some restaurants and dishes leads there and takes its part', async (join) => {
  const guest = await customer()
  const restaurant = await fillCart(guest.tokens, guest.position)
  const near = (await get(guest.tokens, `/v1/restaurants?lat=${guest.position.lat}&lon=${guest.position.lon}`)).items
  const other = near.find((one) => one.id !== restaurant.id)
  const cart = await get(guest.tokens, '/v1/cart')
  const { page: desk, context: area, picture: pictureDesk } = await join('dishes', PHONE)
  await keepSession(area, 'operator', await demo('operator'))
  const start = async (fill) => {
    const code = newCode()
    await desk.goto(at('operator', 'coupons'))
    await desk.locator('[data-testid=new-campaign]').click()
    await desk.locator('input[name=code]').fill(code)
    await fill()
    await desk.locator('[data-testid=start-campaign]').click()
    await desk.locator('[data-campaign][data-state=running]').waitFor()
    await pictureDesk('campaign', true)
    await post(guest.tokens, '/v1/coupons', { by: 'code', code })
  }
  // The restaurant pays for its dish; a dish names its restaurant.
  await start(async () => {
    await desk.locator('input[name=name]').fill('메뉴 반값')
    await desk.locator('input[name=kind][value=item]').check()
    await desk.locator('input[name=by][value=percent]').check()
    await desk.locator('input[name=percent]').fill('50')
    await desk.locator('input[name=at-most]').fill('4000')
    await desk.locator('input[name=funder][value=restaurant]').check()
    await desk.locator('input[name=total]').fill('100')
    await desk.locator('textarea[name=shops]').fill(`${restaurant.id}\n${other.id}`)
    await desk.locator('textarea[name=menus]').fill(cart.lines[0].menu_id)
    await desk.locator('[data-testid=start-campaign]').click()
    await desk.locator('[data-fault="/restaurant_ids"]').waitFor()
    await pictureDesk('faults', true)
    await desk.locator('textarea[name=shops]').fill(restaurant.id)
  })
  await start(async () => {
    await desk.locator('input[name=name]').fill('두 가게 1,000원')
    await desk.locator('input[name=won]').fill('1000')
    await desk.locator('textarea[name=shops]').fill(`${restaurant.id}, ${other.id}`)
    await desk.locator('input[name=category-chicken]').check()
    await desk.locator('input[name=first-order]').check()
  })

  const { page, context, picture } = await join('somewhere', PHONE)
  await keepSession(context, 'customer', guest.tokens)
  await page.goto(at('customer', 'account/coupons'))
  await page.locator('[data-testid=shops]').click()
  await page.locator('dialog[open]').getByRole('link', { name: other.name }).waitFor()
  await picture('shops')
  await page.keyboard.press('Escape')
  await page.goto(at('customer', 'cart'))
  await page.locator('[data-testid=choose-coupons]').click()
  await page.locator('dialog[open]').getByRole('radio', { name: '메뉴 반값' }).check()
  await page.locator('[data-testid=coupons] [data-chosen]').waitFor()
  await picture('choosing')
  await page.locator('[data-testid=coupons-done]').click()
  await page.locator('[data-testid=quote]').click()
  assert.equal(await wonOf(page.locator('[data-discount=item]')), Math.min(4_000, Math.floor(cart.subtotal_won / 2)))

  // Lines and coupons are changed in turn: each change is meant for the cart that the one before left.
  const quantity = cart.lines[0].quantity
  const changed = (what, is) => until(what, async () => is(await get(guest.tokens, '/v1/cart')))
  await page.getByRole('button', { name: '하나 더하기' }).click()
  await changed('one more', (now) => now.lines[0].quantity === quantity + 1)
  await page.locator('[data-testid=choose-coupons]').click()
  await page.locator('dialog[open] [data-kind=item]').getByRole('radio', { name: '쓰지 않기' }).check()
  await changed('no coupon', (now) => now.coupons.length === 0)
  await page.locator('[data-testid=coupons-done]').click()
  await page.getByRole('button', { name: '하나 빼기' }).click()
  await changed('one less', (now) => now.lines[0].quantity === quantity)
  assert.equal(await page.locator('main [data-problem]').count(), 0)
})

await tell('A coupon of which nothing comes is told with the quote, and hinders nothing', async (join) => {
  const guest = await customer()
  await saveMethod(guest.tokens)
  await fillCart(guest.tokens, guest.position)
  const code = newCode()
  await campaign(await demo('operator'), { name: '배달팁 2,000원', kind: 'delivery', benefit: { by: 'amount', won: 2_000 }, code })
  await post(guest.tokens, '/v1/coupons', { by: 'code', code })
  const { page, context, picture } = await join('inapplicable', PHONE)
  await keepSession(context, 'customer', guest.tokens)
  await page.goto(at('customer', 'cart'))
  // Whoever collects it pays no tip.
  await page.locator('input[name=fulfilment][value=pickup]').check()
  await page.locator('[data-testid=choose-coupons]').click()
  await page.locator('dialog[open]').getByRole('radio', { name: '배달팁 2,000원' }).check()
  await page.locator('[data-testid=coupons] [data-chosen]').waitFor()
  await page.locator('[data-testid=coupons-done]').click()
  await page.locator('[data-testid=quote]').click()
  const told = page.locator('[data-cart-problem=coupon_inapplicable]')
  await told.waitFor()
  assert.match(await told.textContent(), /배달팁 2,000원: .*할인할 금액이 없어요/)
  await page.locator('[data-testid=pay]:enabled').waitFor()
  assert.equal(await page.locator('[data-discount]').count(), 0)
  await picture('quote', true)
})
