/**
 * The map: streets out of one file, in the theme and language of the page; pins by keyboard; what
 * happens when it cannot be loaded; and what it costs. Takes `BASE_URL` and the rest as `story.mjs`
 * does.
 */

import assert from 'node:assert/strict'
import { gzipSync } from 'node:zlib'
import { hasStreets, nameMap, serveArchive } from './archive.mjs'
import { pixels, until } from './browser.mjs'
import { at, base, customer, demo, fillCart, get, keepSession, post, tell } from './people.mjs'

/** The page of addresses with a pin in Yeoksam-dong. */
async function addressPage(one, tokens) {
  const { page, context } = one
  await keepSession(context, 'customer', tokens)
  await page.goto(at('customer', 'addresses'))
  await page.getByRole('button', { name: '주소 추가' }).click()
  await page.locator('input[name=place]').fill('역삼')
  await page.locator('input[name=place]').press('Enter')
  await until('the place is taken', async () => (await page.locator('input[name=road]').inputValue()) !== '')
}

/** The mean colour of the map, and a number that differs where its picture does. */
async function seen(page) {
  const { data } = await pixels(page)
  const kinds = new Set()
  let light = 0
  let sum = 0
  for (let i = 0; i < data.length; i += 4) {
    light += data[i] + data[i + 1] + data[i + 2]
    sum = (sum * 31 + data[i] + data[i + 1] * 3 + data[i + 2] * 7) % 2_147_483_647
    kinds.add((data[i] << 16) | (data[i + 1] << 8) | data[i + 2])
  }
  return { light: light / (data.length / 4) / 3, sum, colours: kinds.size }
}

/** The picture of a map that has come to rest. */
async function rest(page) {
  let last = await seen(page)
  await until('the map comes to rest', async () => {
    await page.waitForTimeout(250)
    const now = await seen(page)
    const calm = now.sum === last.sum
    last = now
    return calm || now.sum
  })
  return last
}

await tell('Streets out of one file, in the theme and language of the page', async (join) => {
  const guest = await customer()
  const one = await join('streets')
  const { page, picture } = one
  const asked = await serveArchive(page)
  console.log(`    ${(await hasStreets()) ? 'out of the server’s own file' : 'out of a file of the story’s'}`)
  await addressPage(one, guest.tokens)
  await page.locator('[data-ready=true][data-base=streets]').waitFor()
  assert.ok(asked.length > 1 && asked.every((range) => range !== 'all'), `asked for all of it: ${asked}`)
  assert.match(await page.locator('figcaption').textContent(), /OpenStreetMap/)
  assert.doesNotMatch(await page.locator('figcaption').textContent(), /국토지리정보원/)
  const light = await rest(page)
  assert.ok(light.light > 200 && light.colours > 100, JSON.stringify(light))
  await picture('light')

  // What the page put on the map stays the same while its ground changes.
  const marker = page.locator('[data-testid=marker-dropOff]')
  await marker.evaluate((element) => (element.dataset.mine = 'yes'))
  await page.emulateMedia({ colorScheme: 'dark' })
  await until('the map is dark', async () => (await seen(page)).light < 80 || (await seen(page)).light)
  const dark = await rest(page)
  assert.equal(await marker.getAttribute('data-mine'), 'yes')
  await picture('dark')

  await page.getByRole('button', { name: 'English' }).click()
  await until('names change', async () => (await seen(page)).sum !== dark.sum)
  await rest(page)
  await picture('dark-english')
  await page.emulateMedia({ colorScheme: 'light' })
  await until('the map is light', async () => (await seen(page)).light > 200)
  await page.getByRole('button', { name: '한국어' }).click()
  // Names find their places anew, so a few of them may stand elsewhere.
  await until('the map is what it was', async () => {
    const now = await seen(page)
    return Math.abs(now.light - light.light) < 0.5 || now
  })
  assert.equal(await page.locator('[data-map=ready]').count(), 1)
})

await tell('A pin moves by keys, by a finger, and by the mouse', async (join) => {
  const guest = await customer()
  const one = await join('pin', { reducedMotion: 'reduce' })
  const { page } = one
  await serveArchive(page)
  await addressPage(one, guest.tokens)
  await page.locator('[data-ready=true]').waitFor()
  await rest(page)
  const marker = page.locator('[data-testid=marker-dropOff]')
  const middle = async () => {
    const { x, y, width, height } = await marker.boundingBox()
    return { x: x + width / 2, y: y + height / 2 }
  }
  const canvas = page.locator('[data-map] canvas')
  assert.match(await canvas.evaluate((element) => document.getElementById(element.getAttribute('aria-describedby')).textContent), /화살표/)

  const first = await middle()
  await canvas.focus()
  for (const key of ['ArrowRight', 'ArrowRight', 'ArrowDown']) await page.keyboard.press(key)
  await until('the pin follows the keys', async () => {
    const now = await middle()
    return (Math.abs(now.x - first.x - 20) < 2 && Math.abs(now.y - first.y - 10) < 2) || now
  })
  // Away from the middle the map follows: the pin never leaves it.
  for (let i = 0; i < 12; i++) await page.keyboard.press('Shift+ArrowUp')
  const frame = await canvas.boundingBox()
  await until('the pin is on the map', async () => {
    const now = await middle()
    return now.y > frame.y && now.y < frame.y + frame.height
  })

  const before = await middle()
  await page.mouse.move(before.x, before.y)
  await page.mouse.down()
  await page.mouse.move(before.x - 60, before.y + 40, { steps: 5 })
  await page.mouse.up()
  await until('the pin stays where it was dropped', async () => {
    const now = await middle()
    return (Math.abs(now.x - before.x + 60) < 3 && Math.abs(now.y - before.y - 40) < 3) || now
  })
  const dropped = await middle()
  await page.mouse.click(frame.x + 100, frame.y + frame.height - 60)
  await until('a tap places it', async () => Math.abs((await middle()).x - dropped.x) > 20)
})

await tell('Markers say what state they are in', async (join) => {
  const guest = await customer()
  await fillCart(guest.tokens, guest.position)
  const address = (await get(guest.tokens, '/v1/users/me/addresses')).items[0]
  const quote = await post(guest.tokens, '/v1/cart/quote', { address_id: address.id })
  const order = await post(guest.tokens, '/v1/orders', { quote_id: quote.quote_id })
  const { page, context, picture } = await join('markers')
  await serveArchive(page)
  // An order on its way whose courier was not heard for long, as the server would tell of it.
  await page.route(`**/v1/orders/${order.id}`, (route) => route.fulfill({ json: { ...order, status: 'picked_up' } }))
  const channel = `delivery:${order.id}`
  const at = () => new Date().toISOString()
  const { lat, lon } = guest.position
  const position = (part) => ({ lat: lat + (order.pickup.lat - lat) * part, lon: lon + (order.pickup.lon - lon) * part, at: at() })
  const eta = (stale) => ({ arrive_at: new Date(Date.now() + 600_000).toISOString(), stale })
  let say
  await page.routeWebSocket(/\/v1\/realtime/, (socket) => {
    say = (frame) => socket.send(JSON.stringify(frame))
    socket.onMessage((data) => {
      const frame = JSON.parse(data)
      if (frame.op === 'auth') say({ op: 'ready', user_id: 'u', session_id: 's', roles: ['customer'], heartbeat_secs: 30, server_time: at() })
      else if (frame.op === 'ping') say({ op: 'pong' })
      else if (frame.ref) say({ op: 'reply', ref: frame.ref, ok: {} })
      if (frame.op !== 'subscribe' || frame.channel !== channel) return
      const delivery = {
        order_id: order.id,
        status: 'picked_up',
        version: 3,
        courier: { id: 'c', name: '라이더', vehicle: 'motorbike' },
        pickup: { name: '가게', position: order.pickup },
        drop_off: { position: guest.position },
        position: position(0.6),
        eta: eta(true),
      }
      say({ op: 'snapshot', channel, epoch: 'e', offset: 3, recovered: false, data: delivery })
    })
  })
  await keepSession(context, 'customer', guest.tokens)
  await page.goto(`${base}/#/orders/${order.id}`)
  const courier = page.locator('[data-testid=marker-courier]')
  await page.locator('[data-testid=marker-courier][data-state=lost]').waitFor()
  assert.match(await courier.getAttribute('aria-label'), /마지막으로 알려진 위치/)
  await page.locator('[data-testid=marker-pickup][data-state=done]').waitFor()
  await page.locator('[data-ready=true]').waitFor()
  await picture('lost')
  say({ op: 'latest', channel, at: at(), position: position(0.4), eta: eta(false) })
  await page.locator('[data-testid=marker-courier]:not([data-state])').waitFor()
  assert.equal(await courier.getAttribute('aria-label'), '라이더')
})

await tell('A map that could not be loaded is tried again', async (join) => {
  const guest = await customer()
  const one = await join('again', { viewport: { width: 390, height: 844 } })
  const { page, picture } = one
  await serveArchive(page)
  const library = /assets\/maplibre-gl-[^/]*\.js$/
  await page.route(library, (route) => route.abort('internetdisconnected'))
  await addressPage(one, guest.tokens)
  const again = page.locator('[data-testid=map-again]')
  await again.waitFor()
  assert.match(await page.locator('figure').textContent(), /지도를 불러오지 못했어요/)
  await picture('failed')
  await page.unroute(library)
  await again.click()
  await page.locator('[data-ready=true][data-base=streets]').waitFor()
  assert.equal(await again.count(), 0)

  // Tiles that do not come are told beside the others, and asked for again.
  const broken = (route) => route.fulfill({ status: 503, body: '' })
  await page.route('**/map/seoul.pmtiles', broken)
  for (let i = 0; i < 3; i++) await page.getByRole('button', { name: '축소' }).click({ delay: 400 })
  await page.locator('[data-map=torn]').waitFor()
  await picture('torn')
  await page.unroute('**/map/seoul.pmtiles', broken)
  await again.click()
  await page.locator('[data-map=ready]').waitFor()
  await rest(page)
})

await tell('Without its file a map shows the boundaries, and loads the neighbourhoods only near by', async (join) => {
  const guest = await customer()
  const one = await join('boundaries')
  const { page, picture } = one
  const wanted = []
  page.on('request', (request) => wanted.push(request.url()))
  await serveArchive(page, Buffer.from('no archive, but long enough to be read as one'.repeat(9)))
  await keepSession(one.context, 'customer', guest.tokens)
  await page.goto(at('customer', 'addresses'))
  await page.getByRole('button', { name: '주소 추가' }).click()
  await page.locator('[data-ready=true][data-base=boundaries]').waitFor()
  assert.match(await page.locator('figcaption').textContent(), /국토지리정보원/)
  assert.doesNotMatch(await page.locator('figcaption').textContent(), /OpenStreetMap/)
  await rest(page)
  const dong = () => wanted.filter((url) => /dong-[^/]*\.geojson/.test(url)).length
  assert.equal(dong(), 0, 'the neighbourhoods were loaded from afar')
  await page.getByRole('button', { name: '확대' }).click()
  await until('they are loaded near by', () => dong() === 1)
  await page.emulateMedia({ colorScheme: 'dark' })
  await until('the map is dark', async () => (await seen(page)).light < 80)
  await picture('dark')
})

await tell('The first map takes few requests and little of the line', async (join) => {
  const guest = await customer()
  const operator = await demo('operator')
  const wanted = [
    ['boundaries', 'customer', guest.tokens],
    ['streets', 'customer', guest.tokens],
    ['boundaries', 'operator', operator],
  ]
  for (const [base, app, tokens] of wanted) {
    const { page, context } = await join(`budget-${app}-${base}`)
    // A device with Korean fonts: then none is fetched.
    await context.addInitScript(() => {
      FontFace.prototype.load = function () {
        return Promise.resolve(this)
      }
    })
    if (base === 'streets') await serveArchive(page)
    else await nameMap(page, null)
    await keepSession(context, app, tokens)
    const answers = []
    page.on('response', (response) => answers.push(response))
    const start = Date.now()
    await page.goto(at(app, app === 'customer' ? 'addresses' : ''))
    if (app === 'customer') await page.getByRole('button', { name: '주소 추가' }).click()
    await page.locator(`[data-ready=true][data-base=${base}]`).waitFor()
    const secs = (Date.now() - start) / 1000
    // The figures that an operator's page asks for again and again are not the map's.
    const first = answers.filter((answer) => !/\/v1\/system\//.test(answer.url()))
    const sizes = await Promise.all(first.map((answer) => answer.body().then(lineSize(answer), () => 0)))
    const kilobytes = sizes.reduce((sum, size) => sum + size, 0) / 1024
    console.log(`    ${app} on ${base}: ${first.length} requests, ${kilobytes.toFixed(0)} KB, ${secs.toFixed(1)} s`)
    assert.ok(first.length <= 25, `${first.length} requests: ${first.map((answer) => answer.url()).join('\n')}`)
    assert.ok(kilobytes <= 750, `${kilobytes} KB`)
    assert.ok(!first.some((answer) => /\.woff2/.test(answer.url())), 'a font was fetched where the system has one')
  }
})

/** What an answer takes of the line: compressed, as the gateway sends what can be. */
function lineSize(answer) {
  return (body) => (/\.(woff2|png|pmtiles)$/.test(answer.url()) ? body.length : gzipSync(body).length)
}
