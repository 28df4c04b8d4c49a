/**
 * One order in a real browser, from sign-up to the door.
 *
 * `BASE_URL` names a running server with the demo city, and `OWNER_EMAIL`,
 * `COURIER_EMAIL`, `AGENT_EMAIL`, `OPERATOR_EMAIL` with `DEMO_PASSWORD` its people. `CHROMIUM` is the
 * browser, `ARTIFACTS` the folder of the pictures (`e2e/artifacts` by default), and
 * `BAEDAL_SANDBOX_PORT` where the payment window is.
 */

import assert from 'node:assert/strict'
import { launch, person, until } from './browser.mjs'
import { at, base } from './people.mjs'

const password = process.env.DEMO_PASSWORD ?? 'baedal-demo-2026'
const account = (role) => ({
  email: process.env[`${role.toUpperCase()}_EMAIL`] ?? `${role}-01@demo.baedal.example`,
  password,
})

const browser = await launch()
const people = []

const join = async (...args) => {
  const one = await person(browser, args[0], base, args[1])
  people.push(one)
  return one
}

try {
  await story()
  const faults = people.flatMap((one) => one.faults)
  assert.deepEqual(faults, [], 'the pages were not quiet')
  say('The story is told.')
} catch (failure) {
  for (const one of people) await one.picture('failure').catch(() => undefined)
  console.error(failure)
  for (const fault of people.flatMap((one) => one.faults)) console.error(fault)
  process.exitCode = 1
} finally {
  await browser.close()
}

function say(what) {
  console.log(`  ${what}`)
}

async function signIn({ page }, area, { email, password }) {
  await page.goto(at(area))
  await page.locator('input[name=email]').fill(email)
  await page.locator('input[name=password]').fill(password)
  await page.locator('[data-testid=sign-in]').click()
  await page.locator('[data-connection=online]').waitFor()
}

/** An answer of the REST interface, asked with the page's own session. */
function ask({ page }, area, path) {
  return page.evaluate(
    async ([key, path]) => {
      const { access_token: token } = JSON.parse(localStorage.getItem(key))
      const response = await fetch(path, { headers: { authorization: `Bearer ${token}` } })
      return response.json()
    },
    [`baedal.session.${area}`, path],
  )
}

async function story() {
  const owner = await join('owner')
  await signIn(owner, 'owner', account('owner'))
  const restaurant = (await ask(owner, 'owner', '/v1/restaurants/mine')).items.find((one) => one.open_now)
  say(`${restaurant.name}: the board is live`)

  const courier = await join('courier', {
    permissions: ['geolocation'],
    geolocation: { latitude: restaurant.position.lat, longitude: restaurant.position.lon, accuracy: 8 },
    viewport: { width: 390, height: 844 },
    hasTouch: true,
  })
  await signIn(courier, 'courier', account('courier'))
  await startShift(courier)
  say('a courier is on shift')

  const operator = await join('operator')
  await signIn(operator, 'operator', account('operator'))
  const watched = await watchCity(operator, courier)
  say('the operator sees the courier on the map')

  // The payment window is a page of the sandbox.
  const customer = await join('customer', { hosts: [`127.0.0.1:${process.env.BAEDAL_SANDBOX_PORT}`] })
  await signUp(customer, restaurant)
  await fillCart(customer, restaurant)
  const orderId = await pay(customer)
  say(`the order is paid: ${orderId}`)

  await owner.page.locator(`[data-order="${orderId}"]`).waitFor()
  await owner.page.locator(`[data-order="${orderId}"] [data-cutlery=true]`).waitFor()
  await owner.picture('board')
  await owner.page.locator(`[data-order="${orderId}"] [data-testid=accept-order]`).click()
  await owner.page.locator(`[data-order="${orderId}"] [data-testid=preparing]`).waitFor()
  await status(customer, 'accepted')
  say('the owner accepted')

  await courier.page.locator('[data-testid=accept-offer]').first().waitFor({ timeout: 60_000 })
  await courier.picture('offer')
  await courier.page.locator('[data-testid=accept-offer]').first().click()
  const delivery = courier.page.locator(`[data-delivery="${orderId}"]`)
  await delivery.waitFor()
  say('the courier took the offer')

  await owner.page.locator(`[data-order="${orderId}"] [data-testid=preparing]`).click()
  await owner.page.locator(`[data-order="${orderId}"] [data-testid=ready]`).click()
  await status(customer, 'ready')
  await step(courier, 'at_restaurant')
  assert.equal(await customer.page.locator('[data-testid=marker-courier]').count(), 0, 'seen before pickup')
  await step(courier, 'picked_up')
  await status(customer, 'picked_up')
  say('the food is on its way')

  const dropOff = (await ask(customer, 'customer', `/v1/orders/${orderId}`)).drop_off.position
  await ride(courier, customer, restaurant.position, dropOff)
  say('the customer saw the courier move')
  await sawMove(operator, watched)
  say('and so did the operator')

  await talk(customer)
  await breakAndResume(customer, courier, dropOff)
  say('a broken connection mended itself')

  await step(courier, 'at_dropoff')
  await step(courier, 'delivered')
  await status(customer, 'delivered')
  await until('the courier leaves the map', async () => {
    return (await customer.page.locator('[data-testid=marker-courier]').count()) === 0
  })
  await customer.picture('delivered', true)
  await phone(customer)
  say('delivered; the position is no longer shown')
}

async function startShift({ page, picture }) {
  const button = page.locator('[data-testid=shift]')
  await button.waitFor()
  if ((await button.getAttribute('data-begins')) === 'true') await button.click()
  await until('the first fix is acknowledged', async () => {
    const gps = page.locator('[data-testid=gps]')
    const text = await gps.textContent()
    return (/\dm/.test(text ?? '') && (await gps.getAttribute('data-unsent')) === '0') || text
  })
  await picture('on-shift')
}

/** The courier's row in the operator's list, and where it stands at first. */
async function watchCity({ page, picture }, courier) {
  const id = await courier.page.evaluate(() => JSON.parse(localStorage.getItem('baedal.session.courier')).user_id)
  await page.locator('[data-ready=true]').waitFor()
  await until('somebody is on the map', async () => {
    return Number(await page.locator('[data-couriers]').getAttribute('data-couriers')) > 0
  })
  await until('the figures are there', async () => {
    const figure = (name) => page.locator(`[data-testid=${name}]`).textContent()
    return Number(await figure('on-shift')) >= 1 && Number(await figure('sockets')) >= 3
  })
  await picture('city', true)
  const list = await page.context().newPage()
  await list.goto(at('operator', 'couriers'))
  const row = list.locator(`[data-courier="${id}"]`)
  await row.waitFor()
  await until('the courier is free', async () => /대기 중/.test(await row.textContent()))
  const place = row.locator('[data-testid=place]')
  await until('the courier is somewhere', async () => /\d/.test(await place.textContent()))
  return { list, row, at: await place.textContent() }
}

/** The operator saw the courier take the order and ride. */
async function sawMove({ page, picture }, { list, row, at }) {
  await list.bringToFront()
  await until('the courier is on a delivery', async () => /배달 중/.test(await row.textContent()))
  await until('the courier moved', async () => (await row.locator('[data-testid=place]').textContent()) !== at)
  await list.close()
  await page.bringToFront()
  await until('the counts follow', async () => {
    return Number(await page.locator('[data-testid=on-delivery]').textContent()) >= 1
  })
  assert.equal(await page.locator('[data-part=picked_up]').count(), 1)
  await picture('riding', true)
  await page.setViewportSize({ width: 390, height: 844 })
  const wider = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
  assert.ok(wider <= 0, `the page is ${wider} px wider than a phone`)
  await picture('phone', true)
}

async function signUp({ page, picture }, restaurant) {
  await page.goto(at('customer'))
  await page.getByRole('button', { name: '회원가입' }).click()
  const email = `story-${Date.now()}@example.com`
  await page.locator('input[name=email]').fill(email)
  await page.locator('input[name=password]').fill('correct horse battery 9')
  await page.locator('input[name=name]').fill('이야기')
  await page.locator('input[name=phone]').fill('010-2345-6789')
  assert.equal(await page.locator('input[name^=consent-]:checked').count(), 0, 'nothing is chosen before they choose')
  for (const needed of ['terms', 'privacy', 'location']) await page.locator(`input[name=consent-${needed}]`).check()
  await picture('sign-up', true)
  await page.locator('[data-testid=sign-in]').click()

  await page.locator('input[name=place]').fill(`서울 ${restaurant.gu} ${restaurant.dong} 12`)
  await page.locator('input[name=place]').press('Enter')
  const [pin, choice] = [page.locator('[data-testid=marker-dropOff]'), page.locator(`[data-place="${restaurant.dong}"]`)]
  await pin.or(choice).first().waitFor()
  if ((await pin.count()) === 0) await choice.first().click()
  await page.locator('input[name=label]').fill('집')
  await page.locator('input[name=detail]').fill('101동 1203호')
  await page.locator('[data-testid=marker-dropOff]').waitFor()
  await picture('address')
  await page.getByRole('button', { name: '저장' }).click()
  await page.locator('[data-restaurant]').first().waitFor()
  say('signed up, with an address')
}

async function fillCart({ page, picture }, restaurant) {
  await page.locator('input[name=q]').fill(restaurant.name)
  const card = page.locator(`[data-restaurant="${restaurant.id}"]`)
  await card.waitFor()
  await picture('restaurants')
  await card.click()
  await page.locator('[data-menu]:not([disabled])').first().waitFor()
  await picture('menu')
  // The dish again and again, until the minimum order amount is reached.
  for (let more = true; more; ) {
    await page.locator('[data-menu]:not([disabled])').first().click()
    await page.locator('dialog[open]').waitFor()
    const required = page.locator('dialog fieldset')
    for (const group of await required.all()) {
      const radios = group.locator('input[type=radio]:not([disabled])')
      if ((await radios.count()) > 0) await radios.last().check()
    }
    await picture('dish')
    await page.locator('[data-testid=add-to-cart]').click()
    await page.locator('dialog').waitFor({ state: 'detached' })
    const cart = await ask({ page }, 'customer', '/v1/cart')
    more = cart.shortfall_won > 0
  }
  await page.goto(at('customer', 'cart'))
  await page.locator('[data-testid=quote]').click()
  await page.locator('[data-testid=pay]:enabled').waitFor()
  await picture('quote')
  say('the cart is filled and quoted')
}

async function pay({ page, picture }) {
  await page.locator('input[name=note]').fill('덜 맵게 해 주세요')
  // It is kept while the customer is away in the window.
  await page.locator('input[name=cutlery]').check()
  await page.locator('[data-testid=add-card]').click()
  await page.locator('button[value=agree]').click()
  await page.locator('[data-testid=pay]').click()
  await page.waitForURL(/#\/orders\/[0-9a-f-]{36}$/)
  await page.locator('[data-testid=status][data-status=placed]').waitFor()
  await page.locator('[data-ready=true]').waitFor()
  await picture('placed', true)
  return page.url().split('/').at(-1)
}

async function status({ page }, wanted) {
  await page.locator(`[data-testid=status][data-status=${wanted}]`).waitFor({ timeout: 20_000 })
}

async function step({ page }, name) {
  await page.locator(`[data-step=${name}]`).click()
  await page.locator(`[data-step=${name}]`).waitFor({ state: 'detached' })
}

function between(from, to, part) {
  return { latitude: from.lat + (to.lat - from.lat) * part, longitude: from.lon + (to.lon - from.lon) * part, accuracy: 6 }
}

/** Where the marker is drawn, in pixels. */
function place(page) {
  return page
    .locator('[data-testid=marker-courier]')
    .evaluate((marker) => marker.style.transform)
    .catch(() => null)
}

/** Rides most of the way; the customer must see the marker glide. */
async function ride(courier, customer, from, to) {
  await customer.page.bringToFront()
  const seen = new Set()
  for (let i = 0; i <= 12; i++) {
    await courier.context.setGeolocation(between(from, to, (i / 12) * 0.8))
    if (i === 2) await customer.page.locator('[data-testid=marker-courier]').waitFor()
    // A courier's phone measures about once a second, and between two reports the marker glides.
    for (let look = 0; look < 4; look++) {
      const at = await place(customer.page)
      if (at) seen.add(at)
      await new Promise((resolve) => setTimeout(resolve, 250))
    }
    if (i === 6) await customer.picture('on-the-way', true)
  }
  assert.ok(seen.size > 13, `the marker moved only ${seen.size} times`)
  await courier.picture('riding')
}

async function talk(customer) {
  const agent = await join('agent', { locale: 'en-US' })
  await signIn(agent, 'agent', account('agent'))
  const presence = agent.page.locator('[data-testid=presence]')
  await presence.waitFor()
  if ((await presence.getAttribute('data-goes')) === 'online') await presence.click()

  const chat = customer.page.locator('[data-testid=chat]')
  await chat.getByRole('button').click()
  await chat.locator('textarea').fill('문 앞에 강아지가 있어요. 조심해 주세요.')
  await chat.locator('textarea').press('Enter')
  await chat.locator('[data-seq]').first().waitFor()

  const desk = agent.page
  const mine = desk.locator('[data-conversation]', { hasText: '강아지' })
  await mine.waitFor()
  await mine.click()
  await desk.locator('[data-seq]', { hasText: '강아지' }).waitFor()
  await desk.locator('textarea').pressSequentially('네, 라이더님께 ')
  await chat.getByText('상담원이 입력 중…').waitFor()
  await desk.locator('textarea').fill('네, 라이더님께 전하겠습니다.')
  await desk.locator('textarea').press('Enter')
  await chat.locator('[data-seq]', { hasText: '전하겠습니다' }).waitFor()
  await desk.locator('[data-progress]', { hasText: 'Read' }).first().waitFor()

  await desk.getByRole('checkbox').check()
  await desk.locator('textarea').fill('고객이 친절함')
  await desk.locator('textarea').press('Enter')
  await desk.locator('[data-seq]', { hasText: '친절함' }).waitFor()
  assert.equal(await chat.locator('[data-seq]', { hasText: '친절함' }).count(), 0, 'a private note was shown')
  await customer.picture('chat', true)
  await agent.picture('desk')
  await desk.locator('[data-testid=resolve]').click()
  await desk.locator('[data-seq]', { hasText: '전하겠습니다' }).waitFor()
  await chat.getByText('상담이 끝났어요').waitFor()
  say('customer and agent talked')
}

/** The customer's network goes away and comes back; the page goes on from where it was. */
async function breakAndResume(customer, courier, dropOff) {
  await customer.context.setOffline(true)
  await customer.page.evaluate(() => window.dispatchEvent(new Event('offline')))
  await customer.context.setOffline(false)
  const before = await place(customer.page)
  await courier.context.setGeolocation({ latitude: dropOff.lat + 0.0004, longitude: dropOff.lon, accuracy: 5 })
  await customer.page.locator('[data-connection=online]').waitFor()
  await until('the marker goes on', async () => (await place(customer.page)) !== before)
}

async function phone({ page, picture }) {
  await page.setViewportSize({ width: 390, height: 844 })
  await picture('phone', true)
  await page.goto(at('customer', 'orders'))
  await page.locator('[data-order]').first().waitFor()
  await picture('phone-orders')
}
