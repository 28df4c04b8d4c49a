/**
 * Operators get from a count to what was counted: couriers on the map and in lists, orders of a
 * status, what is searched for, and the last hour beside the figures. Takes `BASE_URL` and the rest
 * as `story.mjs` does.
 */

import assert from 'node:assert/strict'
import { pixels, until } from './browser.mjs'
import { nameMap, serveArchive } from './archive.mjs'
import { at, base, customer, demo, demoPassword, fillCart, get, keepSession, payOrder, post, tell } from './people.mjs'

const PAGES = ['', 'couriers', 'couriers/on_delivery', 'orders', 'people', 'people/audit', 'people/access-log', 'search', 'system']

/** An order that waits for its restaurant. */
async function placeOrder() {
  const guest = await customer()
  const restaurant = await fillCart(guest.tokens, guest.position)
  const address = (await get(guest.tokens, '/v1/users/me/addresses')).items[0]
  const quote = await post(guest.tokens, '/v1/cart/quote', { address_id: address.id })
  const order = await post(guest.tokens, '/v1/orders', { quote_id: quote.quote_id })
  await payOrder(guest.tokens, order)
  return { order, restaurant }
}

/** A courier on shift in the middle of the city; not the one of other stories, who is elsewhere. */
async function work(join) {
  const tokens = await demo('courier', 9)
  const { page, context } = await join('working', {
    permissions: ['geolocation'],
    geolocation: { latitude: 37.5006, longitude: 127.0364, accuracy: 8 },
    viewport: { width: 390, height: 844 },
  })
  await keepSession(context, 'courier', tokens)
  await page.goto(at('courier'))
  const shift = page.locator('[data-testid=shift]')
  const begins = async (wanted) => (await shift.getAttribute('data-begins')) === wanted
  const toggle = async (from) => {
    await shift.waitFor()
    if (!(await begins(from))) return
    await shift.click()
    await until('the shift changes', () => begins(from === 'true' ? 'false' : 'true'))
  }
  await toggle('true')
  const { name } = await get(tokens, '/v1/couriers/me')
  return { id: tokens.user_id, name, stop: () => toggle('false') }
}

const json = (body) => ({ status: 200, contentType: 'application/json', body: JSON.stringify(body) })

/** Answers as the server does, where it is one from before these answers. */
async function stand(context, tokens, { order, courier }) {
  const { status } = await fetch(`${base}/v1/system/history`, { headers: { authorization: `Bearer ${tokens.access_token}` } })
  if (status !== 404) return
  const minutes = Array.from({ length: 60 }, (_, minute) => minute)
  const samples = (of) => minutes.map((minute) => (minute < 20 || (minute > 30 && minute < 34) ? null : of(minute)))
  const now = Math.floor(Date.now() / 60_000)
  await context.route('**/v1/system/history', (route) =>
    route.fulfill(
      json({
        node: 'one',
        services: [],
        at: minutes.map((minute) => new Date((now - 59 + minute) * 60_000).toISOString()),
        sockets: samples((minute) => 4 + (minute % 7)),
        deliveries_per_sec: samples((minute) => 40 + 25 * Math.sin(minute / 5)),
        commands_per_sec: samples((minute) => minute / 10),
        event_lag_ms: samples((minute) => minute % 4),
        delivery_lag_ms: samples((minute) => minute % 3),
        resident_bytes: samples((minute) => 3e8 + minute * 1e6),
        jobs_due: samples(() => 0),
        orders_placed: samples((minute) => minute % 5),
      }),
    ),
  )
  await context.route(/\/v1\/system\/orders\?/, async (route) => {
    const placed = /status=placed/.test(route.request().url())
    await route.fulfill(json({ items: placed ? [await get(tokens, `/v1/orders/${order.id}`)] : [], next_cursor: null }))
  })
  const line = { id: courier.id, name: courier.name, vehicle: 'motorbike', on_shift: true, on_delivery: false }
  await context.route(/\/v1\/system\/couriers\?/, (route) =>
    route.fulfill(json({ items: /on_delivery/.test(route.request().url()) ? [] : [line], next_cursor: null })),
  )
  await context.route(/\/v1\/system\/couriers\/[0-9a-f-]{36}$/, (route) => route.fulfill(json({ ...line, assignments: [], position: null })))
  await context.route(/\/v1\/system\/search\?/, (route) => {
    const q = new URL(route.request().url()).searchParams.get('q')
    const at = new Date().toISOString()
    const hits = [
      { kind: 'order', id: order.id, line: '이야기 치킨 · 후라이드 × 2', status: 'placed', created_at: at, status_at: at, found_by: 'phone', match: '6789' },
      { kind: 'courier', id: courier.id, line: courier.name, status: 'on_shift', created_at: null, status_at: at, found_by: 'name', match: courier.name },
    ]
    return route.fulfill(json({ items: hits.filter((hit) => hit.match === q), next_cursor: null }))
  })
}

/** Where on the map something of this colour is, in pixels of the page. */
async function dot(page, [red, green, blue]) {
  const { width, data } = await pixels(page)
  for (let i = 0; i < data.length; i += 4) {
    if (Math.abs(data[i] - red) + Math.abs(data[i + 1] - green) + Math.abs(data[i + 2] - blue) >= 6) continue
    const box = await page.locator('[data-map] canvas').boundingBox()
    return { x: box.x + ((i / 4) % width), y: box.y + Math.floor(i / 4 / width) }
  }
  return null
}

await tell('From a count to what was counted', async (join) => {
  const [{ order }, courier, tokens] = await Promise.all([placeOrder(), work(join), demo('operator')])
  const { page, context, picture } = await join('operator')
  await stand(context, tokens, { order, courier })
  await serveArchive(page)
  await keepSession(context, 'operator', tokens)
  await page.goto(at('operator'))

  // A courier on the map, by a click.
  await page.locator('[data-ready=true]').waitFor()
  await until('somebody is on the map', async () => Number(await page.locator('[data-couriers]').getAttribute('data-couriers')) > 0)
  let where = null
  await until('a courier is drawn', async () => (where = await dot(page, [0x0b, 0x7a, 0x75])) !== null)
  await page.mouse.click(where.x, where.y)
  const card = page.locator('[data-courier-card]')
  await card.locator('h2').waitFor()
  await card.locator('[data-testid=heard]').getByText(/초 전|분 전/).waitFor()
  assert.equal(await page.locator('[data-map]').getAttribute('data-chosen'), await card.getAttribute('data-courier-card'))
  await page.waitForTimeout(800)
  await picture('overview', true)

  // The last hour beside the figures, for eyes and for ears.
  const hour = page.getByRole('img', { name: /최근 1시간/ })
  if ((await fetch(`${base}/v1/system/history`, { headers: { authorization: `Bearer ${tokens.access_token}` } })).status === 404) {
    await until('the lines are drawn', async () => (await page.locator('.uplot canvas').count()) >= 5)
    assert.match(await hour.first().getAttribute('aria-label'), /연결, 최근 1시간: \d+ \(\d+ – \d+\)/)
  }
  assert.equal(await page.locator('[data-testid=no-streets]').count(), 0)

  // From the counts to the couriers and orders.
  await page.locator('a:has([data-testid=on-shift])').click()
  const row = page.locator(`[data-courier="${courier.id}"]`)
  await row.waitFor()
  await until('the list hears them', async () => /초 전/.test(await row.textContent()))
  await page.getByRole('button', { name: '마지막 신호' }).click()
  assert.equal(await page.locator('th[aria-sort=ascending]').count(), 1)
  await picture('couriers')
  await row.getByRole('link').click()
  await page.locator(`[data-courier-card="${courier.id}"]`).waitFor()
  await page.locator('h1', { hasText: courier.name }).waitFor()
  await page.locator('[data-ready=true]').waitFor()
  await picture('courier')
  await page.goBack()
  await row.waitFor()

  await page.goto(at('operator'))
  await page.locator('[data-part=placed]').click()
  const line = page.locator(`[data-order="${order.id}"]`)
  await line.waitFor()
  await picture('orders')
  await line.getByRole('link').first().click()
  await page.locator(`[data-order-card="${order.id}"] [data-status=placed]`).waitFor()
  await page.locator('[data-event="order.placed"]').waitFor()
  await picture('order')
  await courier.stop()
})

await tell('Operators find by digits and names, and come back to what they found', async (join) => {
  const [{ order }, courier, tokens] = await Promise.all([placeOrder(), work(join), demo('operator')])
  const { page, context, picture } = await join('search', { viewport: { width: 390, height: 844 } })
  await stand(context, tokens, { order, courier })
  await keepSession(context, 'operator', tokens)
  await page.goto(at('operator', 'search'))
  await page.locator('input[name=q]').fill('6789')
  await page.locator('input[name=q]').press('Enter')
  const hit = page.locator(`[data-hit="${order.id}"]`)
  await hit.waitFor()
  assert.equal(await hit.getAttribute('data-found-by'), 'phone')
  await picture('found')
  await hit.getByRole('link').click()
  await page.locator(`[data-order-card="${order.id}"]`).waitFor()
  await page.goBack()
  await hit.waitFor()
  assert.equal(await page.locator('input[name=q]').inputValue(), '6789')

  await page.locator('input[name=q]').fill(courier.name)
  await page.locator('[data-testid=find]').click()
  await page.locator(`[data-hit="${courier.id}"]`).waitFor()
  await page.locator('input[name=q]').fill('없는이름이에요')
  await page.locator('[data-testid=find]').click()
  await page.locator('[data-state=empty]').waitFor()
  await page.route(/\/v1\/system\/search/, (route) => route.abort('internetdisconnected'))
  await page.locator('[data-testid=find]').click()
  await page.locator('main [data-problem]').waitFor()
  await courier.stop()
})

await tell('An admin sees somebody in full for a reason, and gives, takes and bans', async (join) => {
  const [guest, tokens] = await Promise.all([customer(), demo('operator')])
  const { page, context, picture } = await join('admin', { viewport: { width: 390, height: 844 } })
  await keepSession(context, 'operator', tokens)
  await page.goto(at('operator', 'people'))
  await page.locator('input[name=q]').fill(guest.tokens.user_id)
  await page.locator('input[name=q]').press('Enter')
  const hit = page.locator(`[data-person="${guest.tokens.user_id}"]`)
  await hit.waitFor()
  assert.doesNotMatch(await hit.textContent(), /이야기|2345/)
  await picture('people')
  await hit.getByRole('link').click()
  await page.locator('[data-status=open]').waitFor()
  await page.locator('[data-session]').first().waitFor()

  // A proof of who it is that is too old is made anew, and the look goes on.
  let first = true
  await page.route(/\/unmask$/, (route) => {
    if (!first) return route.continue()
    first = false
    return route.fulfill({ status: 403, contentType: 'application/problem+json', body: '{"type":"auth.step_up_required","status":403}' })
  })
  /** Gives the reason that the dialog asks for. */
  const does = async (what, reason) => {
    await page.locator(`[data-testid=${what}]`).first().click()
    await page.locator('input[name=reason]').fill(reason)
    await page.locator('input[name=reason]').press('Enter')
  }
  await does('unmask', '본인이 전화로 요청')
  await page.locator('[data-testid=step-up] input[name=password]').fill('wrong password')
  await page.locator('[data-testid=prove]').click()
  await page.locator('[data-testid=step-up] [data-problem="auth.credentials_wrong"]').waitFor()
  await picture('step-up')
  await page.locator('[data-testid=step-up] input[name=password]').fill(demoPassword)
  await page.locator('[data-testid=step-up] input[name=password]').press('Enter')
  await page.locator('h1', { hasText: '이야기' }).waitFor()
  assert.equal(await page.locator('[data-testid=phone]').textContent(), '+821023456789')

  await page.locator('select[name=role]').selectOption('agent')
  await does('grant', '상담원 입사')
  await page.locator('[data-audit=role_granted]').waitFor()
  await does('revoke', '퇴사')
  await page.locator('[data-audit=role_revoked]').waitFor()
  await page.locator('[data-state=empty]').waitFor()
  await does('ban', '허위 주문')
  await page.locator('[data-status=banned]').waitFor()
  await picture('banned', true)
  await does('lift-ban', '이의 신청을 받아들임')
  await page.locator('[data-status=open]').waitFor()

  await page.goto(at('operator', 'people/access-log'))
  await page.locator('[data-look=unmasked]').first().getByText('본인이 전화로 요청').waitFor()
  await picture('access-log')
  await page.goto(at('operator', 'people/audit'))
  await page.locator('select[name=kind]').selectOption('banned')
  await page.locator('[data-testid=show]').click()
  await page.locator('[data-audit=banned]').first().getByText('허위 주문').waitFor()
  await picture('audit', true)
})

await tell('Operators’ pages fit a small phone, and say what they could not load', async (join) => {
  const [{ order }, courier, tokens] = await Promise.all([placeOrder(), work(join), demo('operator')])
  const { page, context, picture } = await join('small', { viewport: { width: 320, height: 640 } })
  await nameMap(page, null)
  await stand(context, tokens, { order, courier })
  await keepSession(context, 'operator', tokens)
  for (const language of ['ko', 'en']) {
    for (const path of [...PAGES, `couriers/${courier.id}`, `orders/${order.id}`]) {
      await page.goto(at('operator', path))
      await page.locator('h1').waitFor()
      await page.waitForLoadState('networkidle', { timeout: 1_500 }).catch(() => undefined)
      const wider = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
      assert.ok(wider <= 0, `${path} (${language}) is ${wider} px wider than the phone`)
      await picture(`${language}-${path.split('/')[0] || 'overview'}`, true)
    }
    if (language === 'ko') await page.getByRole('button', { name: 'English' }).click()
  }
  await page.goto(at('operator'))
  await page.locator('[data-testid=no-streets]').getByText('BAEDAL_MAP').waitFor()

  await page.route(/\/v1\/system\/(orders|couriers)/, (route) =>
    route.fulfill({ status: 503, contentType: 'application/problem+json', body: '{"type":"unavailable","status":503}' }),
  )
  for (const path of ['orders', 'couriers', `couriers/${courier.id}`]) {
    await page.goto(at('operator', path))
    await page.locator('[data-state=failed]').getByRole('button').waitFor()
  }
  await courier.stop()
})
