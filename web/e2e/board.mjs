/**
 * An owner with several restaurants: one board with counts, new orders that call, codes, and a
 * rejection with a reason. Takes `BASE_URL` and the rest as `story.mjs` does.
 */

import assert from 'node:assert/strict'
import { breakable, until } from './browser.mjs'
import { at, customer, demo, get, hearCalls, keepSession, ordered, post, tell } from './people.mjs'

/** Two restaurants of the owner that deliver to the guest. */
async function restaurants(owner, { position: { lat, lon }, tokens }) {
  const mine = new Set((await get(owner, '/v1/restaurants/mine')).items.map((one) => one.id))
  const near = (await get(tokens, `/v1/restaurants?lat=${lat}&lon=${lon}&limit=100`)).items
  return near.filter((one) => mine.has(one.id) && one.open_now && one.deliverable).slice(0, 2)
}

/** Nothing of an earlier story waits. */
async function clear(owner) {
  for (const { id } of (await get(owner, '/v1/restaurants/mine')).items) {
    for (const order of (await get(owner, `/v1/orders?restaurant_id=${id}&status=placed&limit=100`)).items) {
      await post(owner, `/v1/orders/${order.id}/reject`, { reason: 'other' })
    }
  }
}

await tell('One board for all restaurants of an owner', async (join) => {
  const owner = await demo('owner')
  await clear(owner)
  const guests = [await customer(), await customer()]
  const [first, second] = await restaurants(owner, guests[0])
  assert.ok(second, 'the owner has two restaurants here')
  const reader = await join('board', { viewport: { width: 1180, height: 900 } })
  const { page, context, picture } = reader
  await keepSession(context, 'owner', owner)
  await hearCalls(context)
  await page.goto(at('owner'))
  await page.locator('[data-column=placed]').waitFor()
  /** What the title counts; stories beside this one may order here too. */
  const counted = async () => Number(/^\((\d+)\) 주문 현황/.exec(await page.title())?.[1] ?? 0)
  const before = await counted()

  const one = await ordered(guests[0], [first.id])
  const card = (order) => page.locator(`[data-order="${order.id}"]`)
  await card(one).waitFor()
  await until('the title counts one', async () => (await counted()) > before)
  const calls = () => page.evaluate(() => window.calls)
  await until('the owner is called', async () => (await calls()).sounds >= 2 && (await calls()).vibrations >= 1)
  await page.locator('[data-testid=attention]').click()
  const called = await calls()
  const two = await ordered(guests[1], [second.id], { note: '맵지 않게 해 주세요' })
  await card(two).waitFor()
  await until('the title counts two', async () => (await counted()) > before + 1)
  assert.deepEqual(await calls(), called, 'the switch is off')

  for (const [order, shop] of [[one, first], [two, second]]) {
    assert.equal(await card(order).locator('[data-testid=shop]').textContent(), shop.name)
    const shown = card(order).locator('[data-testid=code]')
    assert.ok((await shown.textContent()).endsWith(order.code))
    assert.ok((await shown.evaluate((one) => parseFloat(getComputedStyle(one).fontSize))) >= 28, 'the code is small')
  }
  const count = (kind) => page.locator(`[data-kind="${kind}"] [data-count]`).getAttribute('data-count')
  assert.ok(Number(await count('all')) >= 2)
  assert.ok(Number(await count(first.id)) >= 1)
  await picture('all', true)
  await page.locator(`[data-kind="${second.id}"]`).click()
  await card(one).waitFor({ state: 'detached' })
  await card(two).waitFor()
  await page.locator('[data-kind=all]').click()
  await card(one).waitFor()

  // With one thumb, and never without a reason.
  await page.setViewportSize({ width: 390, height: 700 })
  const accept = card(one).locator('[data-testid=accept-order]')
  await card(one).evaluate((card) => window.scrollTo(0, card.getBoundingClientRect().top + window.scrollY - innerHeight + 180))
  const { y, height } = await accept.boundingBox()
  assert.ok(y > 350 && y + height <= 700 && height >= 44, `accept is at ${y}, ${height} high`)
  await picture('phone')
  // The next card's bar is half below the sections until it is scrolled up.
  await card(two).evaluate((card) => card.scrollIntoView({ block: 'end' }))
  await card(two).locator('[data-testid=reject-order]').click()
  const confirm = page.locator('[data-testid=reject-confirm]')
  assert.ok(await confirm.isDisabled(), 'rejected without a reason')
  await page.getByRole('radio', { name: '재료 소진' }).check()
  await picture('reject')
  await page.keyboard.press('Escape')
  await card(two).waitFor()
  await card(two).locator('[data-testid=reject-order]').click()
  await page.getByRole('radio', { name: '주문 폭주' }).check()
  assert.match(await page.locator('[data-acts]').textContent(), /15분/)
  await picture('reject-busy')
  await confirm.click()
  await card(two).waitFor({ state: 'detached' })
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  // It takes no orders for a while, unless the owner takes that back.
  const shop = async () => await get(guests[1].tokens, `/v1/restaurants/${second.id}`)
  await until('the restaurant pauses', async () => (await shop()).closed_reason === 'paused')
  await page.getByRole('button', { name: '되돌리기' }).click()
  await until('it takes orders again', async () => (await shop()).open_now)
  assert.equal((await get(guests[1].tokens, `/v1/orders/${two.id}`)).status, 'rejected')
  await accept.click()
  await card(one).locator('[data-testid=preparing]').waitFor()
  await until('both are answered', async () => (await counted()) <= before)
  // No courier of another story is offered it.
  await post(owner, `/v1/orders/${one.id}/cancel`, { reason: 'story' })
  await card(one).waitFor({ state: 'detached' })
})

await tell('A board that lost its connection says how old it is', async (join) => {
  const owner = await demo('owner')
  const guest = await customer()
  const reader = await join('stale-board', { viewport: { width: 390, height: 844 } })
  const { page, context, picture } = reader
  await keepSession(context, 'owner', owner)
  const connection = await breakable(page)
  const [shop] = await restaurants(owner, guest)
  const order = await ordered(guest, [shop.id])
  await page.goto(at('owner'))
  const card = page.locator(`[data-order="${order.id}"]`)
  await card.waitFor()
  await connection.down()
  const stale = page.locator('[data-state=stale]')
  await stale.waitFor()
  assert.match(await stale.textContent(), /기준/)
  await card.waitFor()
  await picture('stale')
  // What happened meanwhile is there when the connection is.
  await post(owner, `/v1/orders/${order.id}/reject`, { reason: 'other' })
  connection.allow()
  await stale.getByRole('button').click()
  await stale.waitFor({ state: 'detached' })
  await card.waitFor({ state: 'detached' })
})
