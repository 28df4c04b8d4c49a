/**
 * An owner opens a shop from nothing to its first order: the application, the admin's question and
 * approval, hours, tip, a dish, publishing, and a customer who orders. Takes `BASE_URL` and the rest as
 * `story.mjs` does.
 */

import assert from 'node:assert/strict'
import { until } from './browser.mjs'
import { at, base, customer, demo, get, keepSession, pay, payOrder, post, tell } from './people.mjs'

const NAME = `이야기 분식 ${Date.now().toString(36)}`

/** A business number of its own, with its check digit. */
function businessNumber() {
  const digits = Array.from({ length: 9 }, () => Math.floor(Math.random() * 10))
  const weights = [1, 3, 7, 1, 3, 7, 1, 3, 5]
  const sum = digits.reduce((all, digit, at) => all + digit * weights[at], 0) + Math.floor((digits[8] * 5) / 10)
  return [...digits, (10 - (sum % 10)) % 10].join('')
}

/** A half-hour that takes one order: somebody schedules for it and pays, while somebody else has it chosen. */
async function fillSlot(join, line) {
  const [first, second] = [await customer(), await customer()]
  const { page, context, picture } = await join('slot', { viewport: { width: 390, height: 844 } })
  await post(second.tokens, '/v1/cart/lines', line)
  await keepSession(context, 'customer', second.tokens)
  await page.goto(at('customer', 'cart'))
  await page.locator('input[name=later]').nth(1).check()
  await page.locator('[data-testid=choose-slot]').click()
  await page.locator('dialog label:has(input[name=day])').nth(1).click()
  const chips = page.locator('dialog label:has(input[name=slot])')
  await chips.nth(20).click()
  const slot = await chips.nth(20).getAttribute('data-chip')
  await page.locator('[data-testid=take-slot]').click()

  await post(first.tokens, '/v1/cart/lines', line)
  const home = (await get(first.tokens, '/v1/users/me/addresses')).items[0].id
  const quote = await post(first.tokens, '/v1/cart/quote', { address_id: home, slot })
  const order = await post(first.tokens, '/v1/orders', { quote_id: quote.quote_id })
  await payOrder(first.tokens, order)
  await until('it is scheduled', async () => (await get(first.tokens, `/v1/orders/${order.id}`)).status === 'scheduled')

  await page.locator('[data-testid=quote]').click()
  await page.locator('[data-cart-problem=slot_full]', { hasText: '예약이 다 찼어요' }).waitFor()
  await picture('full', true)
  await page.locator('[data-testid=choose-slot]').click()
  const chip = page.locator(`[data-chip="${slot}"]`)
  await chip.getByText('마감').waitFor()
  assert.ok(await chip.locator('input').isDisabled())
  await page.locator(`dialog [data-gone="${slot}"]`).waitFor()
  await picture('full-slots')
  await chips.nth(21).click()
  await page.locator('[data-testid=take-slot]').click()
  await page.locator('[data-testid=quote]').click()
  await page.locator('[data-testid=payable]').waitFor()
  return { first, order }
}

await tell('An owner opens a shop, from nothing to its first order', async (join) => {
  const owner = await customer()
  const { page, context, picture } = await join('shop', { viewport: { width: 390, height: 844 } })
  await keepSession(context, 'customer', owner.tokens)
  await page.goto(at('customer', 'account/applications'))
  await page.locator('input[name=name]').fill(NAME)
  await page.locator('select[name=category]').selectOption('snack')
  await page.locator('input[name=phone]').fill('02-555-0100')
  await page.locator('input[name=business-name]').fill('이야기식품')
  await page.locator('input[name=representative]').fill('사장님')
  await page.locator('input[name=business-number]').fill('1234567890')
  await page.locator('input[name=address]').fill('서울특별시 강남구 테헤란로 152')
  await page.locator('input[name=account-number]').fill('123456-01-234567')
  await page.locator('input[name=holder]').fill('사장님')
  await page.locator('[data-testid=submit-application]').click()
  await page.locator('#pin .fault').waitFor()
  await page.locator('[data-testid=find-address]').click()
  await page.locator('#pin [data-testid=marker-dropOff]').waitFor()
  await page.locator('[data-testid=submit-application]').click()
  await page.locator('[data-fault="/registration/seller/business_number"]').waitFor()
  await picture('application')
  await page.locator('input[name=business-number]').fill(businessNumber())
  await page.locator('[data-testid=submit-application]').click()
  await page.locator('[data-application=submitted]').waitFor()

  const desk = await join('admin', { viewport: { width: 1180, height: 900 } })
  await keepSession(desk.context, 'operator', await demo('operator', 1))
  await desk.page.goto(at('operator', 'applications'))
  const mine = desk.page.locator('[data-application]', { hasText: NAME })
  await mine.locator('input').fill('영업신고증이 흐려요')
  await mine.locator('[data-testid=ask-back]').click()
  await mine.waitFor({ state: 'detached' })
  await page.reload()
  await page.locator('[data-application=asked_back]', { hasText: '영업신고증이 흐려요' }).locator('[data-testid=answer]').click()
  await page.locator('input[name=account-number]').fill('12345601234567')
  await page.locator('[data-testid=submit-application]').click()
  await page.locator('[data-application=submitted]').waitFor()
  await desk.page.reload()
  await desk.picture('review')
  await mine.locator('[data-testid=approve]').click()
  await mine.waitFor({ state: 'detached' })

  // The role is in the tokens of the next sign-in.
  const tokens = await post(null, '/v1/auth/sign-in', { email: owner.email, password: owner.password, device: 'story' })
  const console = await join('console', { viewport: { width: 390, height: 844 } })
  await keepSession(console.context, 'owner', tokens)
  await console.page.goto(at('owner', 'shops'))
  await console.page.locator('[data-shop]').click()
  await console.page.locator('[data-status=preparing]').waitFor()
  await console.page.locator('[data-testid=publish]').click()
  await console.page.locator('.notice li').first().waitFor()
  const missing = await console.page.locator('.notice li').count()
  assert.equal(missing, 2, 'hours and a dish are missing')

  await console.page.locator('[data-part=hours]').click()
  await console.page.locator('[data-add=mon]').click()
  const monday = console.page.locator('[data-day=mon]')
  await monday.locator('input[type=time]').nth(0).fill('00:00')
  await monday.locator('input[type=time]').nth(1).fill('00:00')
  await monday.locator('[data-every-day=mon]').click()
  await console.picture('hours')
  await console.page.locator('[data-testid=save-rules]').click()
  const [{ id }] = (await get(tokens, '/v1/restaurants/mine')).items
  await until('the hours are kept', async () => (await get(tokens, `/v1/restaurants/${id}/rules`)).hours.ranges.length === 7)

  await console.page.goto(at('owner', `shops/${id}/tip`))
  await console.page.locator('input[name=minimum]').fill('8000')
  await console.page.locator('[data-tier="0"] input').nth(1).fill('2500')
  // The field may be empty while another number is typed.
  await console.page.locator('input[name=slot-limit]').check()
  const limit = console.page.locator('input[name=orders-per-slot]')
  await limit.fill('')
  await limit.fill('1')
  await console.page.locator('[data-testid=save-rules]').click()
  const rules = () => get(tokens, `/v1/restaurants/${id}/rules`)
  await until('the tip is kept', async () => (await rules()).minimum_order_won === 8_000)
  assert.equal((await rules()).orders_per_slot, 1)
  await console.page.goto(at('owner', `shops/${id}/area`))
  await console.page.locator('input[name=radius-on]').check()
  await console.page.locator('input[name=radius]').fill('20000')
  // An outline is drawn by three taps, and a neighbourhood is taken in by one.
  const map = console.page.locator('[data-map=ready][data-areas]:not([data-areas="0"])')
  await map.waitFor()
  await map.scrollIntoViewIfNeeded()
  await console.page.locator('[data-testid=draw-outline]').click()
  for (const [x, y] of [[90, 60], [200, 60], [150, 140]]) await map.locator('canvas').click({ position: { x, y } })
  await console.page.locator('[data-testid=close-outline]').click()
  await map.locator('canvas').click({ position: { x: 40, y: 200 } })
  await console.page.locator('[data-list=zones] li').waitFor()
  await console.picture('area')
  await console.page.locator('[data-testid=save-rules]').click()
  await until('the area is kept', async () => (await rules()).zones.length === 3)
  await console.page.goto(at('owner', `shops/${id}/tip`))
  await console.page.locator('[data-testid=preview]', { hasText: '2,500' }).waitFor()
  await console.picture('tip')

  await console.page.goto(at('owner', 'menu'))
  await console.page.locator('input[name=group]').fill('분식')
  await console.page.locator('[data-testid=add-group]').click()
  const section = console.page.locator('section[aria-label="분식"]')
  await section.locator('[data-testid=add-dish]').click()
  await console.page.locator('dialog input[name=name]').fill('떡볶이')
  await console.page.locator('dialog input[name=price]').fill('9000')
  await console.page.locator('[data-testid=save-dish]').click()
  await console.page.locator('dialog input[name=option-group]').waitFor()
  await console.page.keyboard.press('Escape')

  await console.page.goto(at('owner', `shops/${id}`))
  await console.page.locator('[data-testid=publish]').click()
  await console.page.locator('[data-status=published]').waitFor()
  await console.picture('shop')

  const guest = await customer()
  const near = await get(guest.tokens, `/v1/restaurants?lat=${guest.position.lat}&lon=${guest.position.lon}&q=${encodeURIComponent(NAME)}`)
  assert.equal(near.items[0]?.id, id, 'the shop is found')
  const { groups } = await get(guest.tokens, `/v1/restaurants/${id}/menus`)
  await post(guest.tokens, '/v1/cart/lines', { restaurant_id: id, menu_id: groups[0].menus[0].id, quantity: 1, options: [] })
  const order = await pay(guest)
  await console.page.goto(at('owner'))
  await console.page.locator(`[data-order="${order.id}"]`).waitFor()

  const scheduled = await fillSlot(join, { restaurant_id: id, menu_id: groups[0].menus[0].id, quantity: 1, options: [] })

  // A pause closes it to customers at once, whose lists and carts tell of it, and ends when its owner says so.
  const visitor = await join('visitor', { viewport: { width: 1180, height: 900 } })
  await keepSession(visitor.context, 'customer', guest.tokens)
  await visitor.page.goto(at('customer'))
  await visitor.page.getByRole('combobox').fill(NAME)
  const row = (open) => visitor.page.locator(`[data-restaurant="${id}"][data-open=${open}]`)
  await row(true).waitFor()
  await console.page.goto(at('owner', `shops/${id}`))
  await console.page.locator('[data-pause="30"]').click()
  await console.page.locator('[data-testid=paused]').waitFor()
  assert.equal((await get(guest.tokens, `/v1/restaurants/${id}`)).closed_reason, 'paused')
  await row(false).waitFor()
  await visitor.picture('paused')
  await console.page.locator('[data-testid=resume]').click()
  await row(true).waitFor()
  await console.page.locator('[data-pause="30"]').waitFor()
  assert.equal((await get(guest.tokens, `/v1/restaurants/${id}`)).open_now, true)
  // Nobody else's search finds it any more.
  await post(scheduled.first.tokens, `/v1/orders/${scheduled.order.id}/cancel`, { reason: 'story' })
  await post(tokens, `/v1/orders/${order.id}/reject`, { reason: 'other' })
  await until('it is given up', async () => {
    const gone = await fetch(`${base}/v1/restaurants/${id}`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${tokens.access_token}` },
    })
    return gone.status === 204
  })
})
