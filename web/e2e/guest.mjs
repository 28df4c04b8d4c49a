/**
 * A guest looks around, fills a cart in the browser and sees what it costs; when they sign in, the account's cart
 * takes it over, also from two tabs and without network, and they order. Takes `BASE_URL` and the rest as
 * `story.mjs` does.
 */

import assert from 'node:assert/strict'
import { until } from './browser.mjs'
import {
  at, customer, demo, get, guestCart, guestPlace, inAllLooks, keepGuest, patch, post, saveMethod, tell, wonOf,
} from './people.mjs'

/** Another owner than those of the stories that order. */
const OWNER = 7

const phone = { viewport: { width: 360, height: 780 } }

/** A browser; counts the sockets that it opens. */
async function visitor(join, name, options = phone) {
  const one = await join(name, options)
  const sockets = []
  one.page.on('websocket', (socket) => sockets.push(socket.url()))
  return { ...one, sockets }
}

async function signIn(page, { email, password }) {
  await page.locator('input[name=email]').fill(email)
  await page.locator('input[name=password]').fill(password)
  await page.locator('[data-testid=sign-in]').click()
}

const keptCart = (page) => page.evaluate(() => JSON.parse(localStorage.getItem('baedal.guest.cart')))

const quantities = ({ lines }) => Object.fromEntries(lines.map((line) => [line.menu_id, line.quantity]))

/** Puts a dish in at the page of its restaurant, with the last of each choice that has to be made. */
async function putIn(page, menuId) {
  await page.locator(`[data-menu="${menuId}"]`).click()
  for (const group of await page.locator('dialog fieldset').all()) {
    const radios = group.locator('input[type=radio]:not([disabled])')
    if ((await radios.count()) > 0) await radios.first().check()
  }
  await page.locator('[data-testid=add-to-cart]').click()
  await page.locator('dialog').waitFor({ state: 'detached' })
}

/** Puts dishes into an account's cart. */
async function fill({ tokens }, { restaurant_id, lines }, quantity = 1) {
  for (const { menu_id, options } of lines) {
    const picks = options.map(({ option_id }) => ({ option_id, quantity: 1 }))
    await post(tokens, '/v1/cart/lines', { restaurant_id, menu_id, quantity, options: picks })
  }
}

await tell('A guest looks around, and orders once they have signed in', async (join) => {
  const account = await customer()
  await saveMethod(account.tokens)
  const place = await guestPlace()
  const { restaurant, menus, cart } = await guestCart(place.position)
  const third = menus[2]
  if (third) {
    const options = third.option_groups.flatMap((group) =>
      group.options.filter((option) => !option.sold_out).slice(0, group.min).map(({ id }) => ({ option_id: id })),
    )
    await fill(account, { restaurant_id: restaurant.id, lines: [{ menu_id: third.id, options }] })
  }

  const { page, picture, sockets } = await visitor(join, 'guest')
  await page.goto(at('customer'))
  const look = page.locator('[data-testid=look-around]')
  await look.waitFor()
  await inAllLooks({ page, picture }, 'sign-in', true)
  await look.click()
  await page.locator('input[name=place]').waitFor()
  await inAllLooks({ page, picture }, 'no-place', true)
  await page.locator('input[name=place]').fill('강남구 역삼동')
  await page.locator('[data-testid=find]').click()
  const choice = page.locator('[data-place]')
  await choice.or(page.locator('[data-testid=place]')).first().waitFor()
  if ((await choice.count()) > 0) await choice.first().click()
  await page.locator('[data-restaurant]').first().waitFor()
  await inAllLooks({ page, picture }, 'restaurants')
  // What is not open to guests wants a session, and they find back.
  await page.evaluate(() => (location.hash = '#/orders'))
  await page.locator('[data-testid=sign-in]').waitFor()
  await page.locator('nav.sections a').first().click()
  await page.locator('[data-restaurant]').first().waitFor()

  await page.locator('input[name=q]').fill(restaurant.name)
  await page.locator(`[data-restaurant="${restaurant.id}"]`).click()
  await page.locator('[data-menu]').first().waitFor()
  for (const { menu_id } of cart.lines) await putIn(page, menu_id)
  await picture('restaurant')
  await page.locator('[data-testid=basket]').click()
  await page.locator('[data-testid=payable]').waitFor()
  const more = page.getByRole('button', { name: '하나 더하기' }).first()
  const badge = page.locator('nav.sections .count')
  const dishes = async () => Number(await badge.textContent())
  // Up to the minimum, and the price follows.
  for (let wanted = cart.lines[0].quantity; wanted > 1; wanted--) await more.click()
  await until('the price is that of the cart', async () => {
    const { dishes, subtotal, tip, payable } = await page.evaluate(() => ({
      dishes: [...document.querySelectorAll('[data-line] > .spread:first-child .num')].map((one) => Number(one.textContent.replace(/\D/g, ''))).reduce((a, b) => a + b),
      subtotal: Number(document.querySelector('[data-testid=subtotal] dd').textContent.replace(/\D/g, '')),
      tip: Number(document.querySelector('[data-testid=tip]').dataset.won),
      payable: Number(document.querySelector('[data-testid=payable]').dataset.won),
    }))
    return (subtotal === dishes && payable === subtotal + tip && subtotal >= restaurant.minimum_order_won) || { dishes, subtotal, tip, payable }
  })
  assert.equal(await dishes(), cart.lines[0].quantity + 1)
  assert.match(await page.locator('[data-testid=window]').textContent(), /도착 예정.*\d+:\d\d/s)
  const tip = await wonOf(page.locator('[data-testid=tip]'))
  await inAllLooks({ page, picture }, 'cart', true)
  await page.locator('input[name=fulfilment][value=pickup]').check()
  await until('nobody brings it', async () => (await wonOf(page.locator('[data-testid=tip]'))) === 0)
  assert.match(await page.locator('[data-testid=window]').textContent(), /준비 예정/)
  await page.locator('input[name=fulfilment][value=delivery]').check()
  await until('it is brought again', async () => (await wonOf(page.locator('[data-testid=tip]'))) === tip)
  // Another place, for the tip only: nothing of it goes to an account.
  await page.locator('[data-testid=change-place]').click()
  await page.locator('dialog input[name=place]').fill('신사동')
  await page.locator('dialog [data-testid=find]').click()
  await page.locator('dialog [data-place]').first().waitFor()
  await inAllLooks({ page, picture }, 'place')
  await page.locator('dialog input[name=place]').fill('강남구 역삼동')
  await page.locator('dialog [data-testid=find]').click()
  await page.locator('dialog').waitFor({ state: 'detached' })
  await until('it is brought there', async () => (await wonOf(page.locator('[data-testid=tip]'))) === tip)
  // Taken out, and back.
  const guest = quantities(await keptCart(page))
  await page.locator('[data-line] button', { hasText: '삭제' }).first().click()
  await page.locator('[data-testid=toast] button').last().click()
  await until('it is back', async () => (await page.locator('[data-line]').count()) === 2)
  await page.reload()
  await page.locator('[data-testid=payable]').waitFor()
  assert.deepEqual(quantities(await keptCart(page)), guest)
  assert.deepEqual(sockets, [], 'a guest opened a socket')

  await page.locator('[data-testid=sign-in-to-order]').click()
  await page.locator('[data-testid=sign-in]').waitFor()
  await picture('sign-in-to-order', true)
  await page.goBack()
  await page.locator('[data-testid=payable]').waitFor()
  await page.locator('[data-testid=to-sign-in]').click()
  await signIn(page, account)
  await page.locator('[data-testid=toast]', { hasText: '옮겼어요' }).waitFor()
  await page.locator('[data-testid=quote]').waitFor()
  assert.equal(await keptCart(page), null)
  assert.deepEqual(quantities(await get(account.tokens, '/v1/cart')), { ...guest, ...(third ? { [third.id]: 1 } : {}) })
  await picture('merged', true)
  await page.locator('[data-testid=quote]').click()
  await page.locator('[data-testid=pay]:enabled').waitFor()
  assert.match(await page.locator('[data-testid=window]').textContent(), /도착 예정.*\d+:\d\d/s)
  await inAllLooks({ page, picture }, 'quote', true)
  await page.locator('[data-testid=pay]').click()
  await page.locator('[data-testid=status][data-status=placed]').waitFor()

  // Who signs out is no guest until they choose to be one.
  await page.goto(at('customer', 'account'))
  await page.locator('[data-testid=sign-out]').click()
  await page.locator('[data-testid=look-around]').waitFor()
  assert.equal(await page.locator('nav.sections').count(), 0)
})

await tell('Another restaurant’s cart in the account is asked about once', async (join) => {
  const place = await guestPlace()
  const mine = await guestCart(place.position)
  const other = await guestCart(place.position, { not: [mine.restaurant.id] })
  for (const answer of ['take-guest', 'keep-account']) {
    const account = await customer()
    await fill(account, other.cart)
    const { page, picture, context } = await visitor(join, `guest-${answer}`)
    await keepGuest(context, { cart: mine.cart, place })
    await page.goto(at('customer', 'cart?sign-in'))
    await signIn(page, account)
    const dialog = page.locator('dialog[open]')
    await dialog.locator(`[data-testid=${answer}]`).waitFor()
    const asked = await dialog.textContent()
    assert.ok(asked.includes(mine.restaurant.name) && asked.includes(other.restaurant.name), asked)
    await inAllLooks({ page, picture }, 'asked')
    // Put off, it is lost on neither side, and stays to be answered.
    await page.keyboard.press('Escape')
    const notice = page.locator('[data-testid=guest-cart]')
    await notice.waitFor()
    await inAllLooks({ page, picture }, 'put-off', true)
    assert.notEqual(await keptCart(page), null)
    await page.locator('nav.sections a').first().click()
    await page.locator('[data-restaurant]').first().waitFor()
    await page.reload()
    await dialog.locator(`[data-testid=${answer}]`).click()
    await until('the guest’s cart is settled', async () => (await keptCart(page)) === null)
    await dialog.waitFor({ state: 'detached' })
    const { restaurant_id } = await get(account.tokens, '/v1/cart')
    assert.equal(restaurant_id, (answer === 'take-guest' ? mine : other).restaurant.id)
    await page.reload()
    await page.locator('[data-restaurant]').first().waitFor()
    assert.equal(await dialog.count() + (await notice.count()), 0, 'they are asked again')
  }
})

await tell('Two tabs of a guest have one cart, and ask once', async (join) => {
  const account = await customer()
  const place = await guestPlace()
  const mine = await guestCart(place.position)
  const other = await guestCart(place.position, { not: [mine.restaurant.id] })
  await fill(account, other.cart)
  const { page, context } = await visitor(join, 'guest-tabs')
  await keepGuest(context, { cart: mine.cart, place })
  await page.goto(at('customer', 'cart'))
  await page.locator('[data-testid=payable]').waitFor()
  const second = await context.newPage()
  const merges = []
  for (const tab of [page, second]) tab.on('request', (request) => /cart\/merge/.test(request.url()) && merges.push(request.postDataJSON()))
  await second.goto(at('customer', `restaurants/${mine.restaurant.id}`))
  const basket = second.locator('[data-testid=basket]')
  await basket.waitFor()
  const count = mine.cart.lines.reduce((sum, line) => sum + line.quantity, 0)
  await page.getByRole('button', { name: '하나 더하기' }).first().click()
  await until('the other tab counts it', async () => (await basket.textContent()).includes(`${count + 1}개`))
  await putIn(second, mine.cart.lines[1].menu_id)
  await until('and the other way round', async () => Number(await page.locator('nav.sections .count').textContent()) === count + 2)

  await page.locator('[data-testid=sign-in-to-order]').click()
  await signIn(page, account)
  const ask = (tab) => tab.locator('dialog [data-testid=take-guest]')
  await ask(page).waitFor()
  await second.bringToFront()
  await second.locator('header [data-testid=account]').waitFor()
  await second.waitForTimeout(1_000)
  assert.equal(await ask(second).count(), 0, 'both tabs ask')
  await page.bringToFront()
  await ask(page).click()
  await page.locator('[data-testid=quote]').waitFor()
  await until('the other tab has it', async () => (await basket.textContent()).includes(`${count + 2}개`))
  assert.deepEqual(merges.map(({ replace }) => replace), [false, true])
  assert.equal((await get(account.tokens, '/v1/cart')).restaurant_id, mine.restaurant.id)
})

await tell('A guest’s cart waits for the network, and says what could not be had', async (join) => {
  const owner = await demo('owner', OWNER)
  const ids = (await get(owner, '/v1/restaurants/mine')).items.map((one) => one.id)
  const account = await customer()
  const place = await guestPlace()
  const { cart } = await guestCart(place.position, { ids })
  const gone = cart.lines[1]
  const { page, picture, context } = await visitor(join, 'guest-late')
  await keepGuest(context, { cart, place })
  try {
    await patch(owner, `/v1/menus/${gone.menu_id}`, { sold_out: true })
    await page.goto(at('customer', 'cart'))
    await page.locator(`[data-line="${gone.id}"] .notice`, { hasText: '품절' }).waitFor()
    await inAllLooks({ page, picture }, 'sold-out', true)
    let fails = true
    await page.route('**/v1/cart/merge', (route) => (fails ? route.abort() : route.fallback()))
    await page.locator('[data-testid=sign-in-to-order]').click()
    const tried = page.waitForRequest('**/v1/cart/merge')
    await signIn(page, account)
    await tried
    await page.locator('[data-state=empty]').waitFor()
    assert.notEqual(await keptCart(page), null, 'it is lost')
    fails = false
    await page.evaluate(() => window.dispatchEvent(new Event('online')))
    await page.locator('[data-testid=toast]', { hasText: gone.name }).waitFor()
    await picture('left-out')
    await page.locator('[data-line]').waitFor()
    assert.deepEqual(quantities(await get(account.tokens, '/v1/cart')), { [cart.lines[0].menu_id]: cart.lines[0].quantity })
  } finally {
    await patch(owner, `/v1/menus/${gone.menu_id}`, { sold_out: false })
  }
})

await tell('What the browser kept of a guest breaks no page', async (join) => {
  const { page } = await visitor(join, 'guest-broken')
  await page.goto(at('customer', 'cart'))
  await page.locator('[data-state=empty]').waitFor()
  for (const kept of ['{', '[]', '{"lines":[{}]}', '"x"']) {
    await page.evaluate((kept) => {
      localStorage.setItem('baedal.guest.cart', kept)
      localStorage.setItem('baedal.guest.place', kept)
    }, kept)
    await page.reload()
    await page.locator('[data-state=empty]').waitFor()
    await page.goto(at('customer'))
    await page.locator('input[name=place]').waitFor()
    await page.goto(at('customer', 'cart'))
  }
  // A restaurant that is not there any more.
  const { cart } = await guestCart((await guestPlace()).position)
  await page.evaluate((cart) => localStorage.setItem('baedal.guest.cart', JSON.stringify(cart)), {
    ...cart, fulfilment: 'pickup', restaurant_id: crypto.randomUUID(),
  })
  await page.reload()
  await page.locator('[data-testid=gone]').waitFor()
  await page.locator('[data-testid=clear]').click()
  await page.locator('[data-testid=confirm]').click()
  await page.locator('[data-state=empty]').waitFor()
})

await tell('A guest’s cart opens without network', async (join) => {
  const { page, context, picture } = await visitor(join, 'guest-offline', { ...phone, serviceWorkers: 'allow' })
  const place = await guestPlace()
  const { cart } = await guestCart(place.position)
  await keepGuest(context, { cart, place })
  await page.goto(at('customer', 'cart'))
  await page.locator('[data-testid=payable]').waitFor()
  await page.evaluate(async () => {
    const { active } = await navigator.serviceWorker.ready
    if (active.state !== 'activated') await new Promise((done) => active.addEventListener('statechange', done, { once: true }))
  })
  await context.setOffline(true)
  await page.goto('about:blank')
  await page.goto(at('customer', 'cart'))
  await page.locator('main [data-problem="client.unreachable"]').waitFor()
  assert.equal(await page.locator('[data-line]').count(), 2)
  assert.equal(await page.locator('[data-testid=payable]').count(), 0, 'a price that nobody knows')
  await picture('cart', true)
  await context.setOffline(false)
  await page.evaluate(() => window.dispatchEvent(new Event('online')))
  await page.locator('[data-testid=payable]').waitFor()
})
