/**
 * A cart that is open on two devices: what one changes, the other shows without a reload, as it does what the
 * restaurant changes, also after a while without network. Takes `BASE_URL` and the rest as `story.mjs` does.
 */

import assert from 'node:assert/strict'
import { breakable, until } from './browser.mjs'
import { at, customer, demo, fillCart, get, inAllLooks, keepSession, patch, post, put, remove, tell, wonOf } from './people.mjs'

/** Another owner than those of the stories that order. */
const OWNER = 7

const NOTE = '문 앞에 두고 벨은 누르지 마'

const dishes = ({ lines }) => lines.reduce((sum, line) => sum + line.quantity, 0)

/** A device of the guest at a page: how many dishes its navigation counts, and how often it read the cart. */
async function device(join, name, guest, path, width) {
  const one = await join(name, { viewport: { width, height: 844 } })
  await keepSession(one.context, 'customer', guest.tokens)
  const connection = await breakable(one.page)
  const reads = []
  one.page.on('request', (request) => {
    if (request.method() === 'GET' && request.url().endsWith('/v1/cart')) reads.push(request.url())
  })
  const badge = one.page.locator('nav.sections .count')
  const counts = (number) =>
    until(`${name} counts ${number}`, async () => Number((await badge.allTextContents())[0] ?? 0) === number)
  await one.page.goto(at('customer', path))
  return { ...one, connection, reads, counts }
}

/** A guest with a cart at one of the owner's shops. */
async function guestOf(owner) {
  const guest = await customer()
  const mine = (await get(owner, '/v1/restaurants/mine')).items.map((one) => one.id)
  const restaurant = await fillCart(guest.tokens, guest.position, mine)
  const { lines } = await get(guest.tokens, '/v1/cart')
  return { guest, restaurant, line: lines[0], addOne: () => add(guest, restaurant, lines[0]) }
}

const add = (guest, restaurant, { menu_id, options }) =>
  post(guest.tokens, '/v1/cart/lines', {
    restaurant_id: restaurant.id,
    menu_id,
    quantity: 1,
    options: options.map(({ option_id, quantity }) => ({ option_id, quantity })),
  })

await tell('A cart is the same on all devices', async (join) => {
  const { guest, restaurant, line, addOne } = await guestOf(await demo('owner', OWNER))
  let count = dishes(await get(guest.tokens, '/v1/cart'))
  const phone = await device(join, 'live-cart', guest, 'cart', 390)
  const tablet = await device(join, 'live-cart-tablet', guest, `restaurants/${restaurant.id}`, 1180)
  const quote = phone.page.locator('[data-testid=quote]')
  await quote.waitFor()
  await phone.counts(count)
  await tablet.counts(count)

  // Both are followed once an event has come.
  await addOne()
  await phone.counts(++count)
  await tablet.counts(count)
  for (const { reads } of [phone, tablet]) reads.length = 0
  await tablet.page.locator(`[data-menu="${line.menu_id}"]`).click()
  await tablet.page.locator('[data-testid=add-to-cart]').click()
  await phone.counts(++count)
  await tablet.counts(count)
  await phone.picture('added')
  const more = phone.page.getByRole('button', { name: '하나 더하기' }).first()
  await more.click()
  await tablet.counts(++count)
  await phone.counts(count)
  // Each read what the other changed, and nothing of its own.
  assert.deepEqual([phone.reads.length, tablet.reads.length], [1, 1])

  // What it costs is asked for anew, and who writes goes on writing.
  await quote.click()
  const payable = phone.page.locator('[data-testid=payable]')
  const before = await wonOf(payable)
  const note = phone.page.locator('input[name=note]')
  await note.pressSequentially(NOTE)
  await addOne()
  await phone.page.locator('[data-news=device]').waitFor()
  await phone.counts(++count)
  assert.ok((await wonOf(payable)) > before, 'it costs what it did')
  await note.press('End')
  await phone.page.keyboard.type('세요')
  assert.equal(await note.inputValue(), `${NOTE}세요`)
  await inAllLooks(phone, 'device', true)

  // Without network for a while.
  await phone.connection.down()
  await phone.context.setOffline(true)
  await addOne()
  await tablet.counts(++count)
  await phone.context.setOffline(false)
  await phone.connection.up()
  await phone.counts(count)
  assert.equal(await note.inputValue(), `${NOTE}세요`)

  // Emptied on one, an empty one is followed, too.
  await remove(guest.tokens, '/v1/cart')
  await phone.page.locator('[data-state=empty]').waitFor()
  await phone.counts(0)
  await tablet.counts(0)
  await phone.picture('emptied')
  await addOne()
  await phone.page.locator('[data-line]').waitFor()
  await tablet.counts(1)
})

await tell('An open cart shows what the restaurant changes', async (join) => {
  const owner = await demo('owner', OWNER)
  const { guest, restaurant, line } = await guestOf(owner)
  const phone = await device(join, 'live-cart-shop', guest, 'cart', 390)
  const { page } = phone
  const pay = page.locator('[data-testid=pay]')
  await page.locator('[data-testid=quote]').click()
  await pay.waitFor()
  const note = page.locator('input[name=note]')
  await note.pressSequentially(NOTE)
  const problem = page.locator('[data-cart-problem]')
  const menu = `/v1/menus/${line.menu_id}`
  const pause = `/v1/restaurants/${restaurant.id}/pause`
  try {
    await patch(owner, menu, { sold_out: true })
    await page.locator(`[data-line="${line.id}"] .notice`, { hasText: '품절' }).waitFor()
    await problem.first().waitFor()
    await pay.waitFor({ state: 'detached' })
    // Nothing that is being written goes, nor does the focus.
    assert.ok(await note.evaluate((one) => one === document.activeElement), 'the focus is lost')
    await page.keyboard.type('세요')
    assert.equal(await note.inputValue(), `${NOTE}세요`)
    await inAllLooks(phone, 'sold-out', true)
    await patch(owner, menu, { sold_out: false })
    await pay.waitFor()
    assert.equal(await page.locator('[data-line] .notice').count(), 0)

    await put(owner, pause, { until: new Date(Date.now() + 30 * 60_000).toISOString() })
    await problem.first().waitFor()
    await pay.waitFor({ state: 'detached' })
    await inAllLooks(phone, 'paused', true)

    // It takes orders again while the phone has no network.
    await phone.connection.down()
    await phone.context.setOffline(true)
    await remove(owner, pause)
    await phone.context.setOffline(false)
    await phone.connection.up()
    await pay.waitFor()
    assert.equal(await problem.count(), 0)
  } finally {
    await patch(owner, menu, { sold_out: false })
    await remove(owner, pause)
  }
})
