/**
 * A courier's page that measured for half an hour without network: the present position is
 * through first, and the past follows. Takes `BASE_URL` and the rest as `story.mjs` does;
 * `BACKLOG` is how many fixes wait.
 */

import assert from 'node:assert/strict'
import { until } from './browser.mjs'
import { at, base, demo, keepSession, tell } from './people.mjs'

const BACKLOG = Number(process.env.BACKLOG ?? 1_800)
/** Fixes of the past that the server takes a second, beside the burst of 500 that it takes at once. */
const PER_SEC = Number(process.env.FIXES_PER_SEC ?? 200)
/** One a second is the present; a fifth of the time may go to refusals. */
const THROUGH_MS = 20_000 + (Math.max(0, BACKLOG - 500) / (PER_SEC - 1)) * 1_200
/** How long a fix of the present may wait while the past is on its way. */
const PRESENT_MS = 8_000

/** Positions that the test hands to the page, as a phone measures them: float32 all over. */
function measuring() {
  let tell
  navigator.geolocation.getCurrentPosition = () => undefined
  navigator.geolocation.clearWatch = () => undefined
  navigator.geolocation.watchPosition = (found) => {
    tell = found
    return 1
  }
  window.measure = (secondsAgo) =>
    tell({
      timestamp: Date.now() - secondsAgo * 1000,
      coords: {
        latitude: 37.49794123456 + Math.fround(secondsAgo / 1e6),
        longitude: 127.02758123456,
        accuracy: Math.fround(6.2 + (secondsAgo % 7) / 3),
        speed: Math.fround(7.21),
        heading: Math.fround(143.46),
      },
    })
}

/** How long each fix of a track waited from its first sending to its acknowledgement, in milliseconds. */
function lateness(heard, track) {
  const sent = new Map()
  const waits = [0]
  for (const frame of heard.filter((one) => one.track === track)) {
    if (frame.op === 'fixes') for (const { seq } of frame.fixes) if (!sent.has(seq)) sent.set(seq, frame.ms)
    if (frame.op !== 'ack') continue
    for (const [seq, ms] of sent) {
      if (seq > frame.seq || ms === null) continue
      waits.push(frame.ms - ms)
      sent.set(seq, null)
    }
  }
  return waits
}

await tell(`${BACKLOG} fixes after a gap`, async (join) => {
  const courier = await join('backlog', { permissions: ['geolocation'], viewport: { width: 390, height: 844 } })
  const { page, context } = courier
  await keepSession(context, 'courier', await demo('courier'))
  await context.addInitScript(measuring)

  /** The page's network, and all that it said and heard since the last look. */
  let down = false
  let heard = []
  const sockets = new Set()
  await page.routeWebSocket(/\/v1\/realtime/, (socket) => {
    if (down) return void socket.close({ code: 1001 })
    const server = socket.connectToServer()
    sockets.add(socket)
    heard.push({ op: 'open', ms: Date.now() })
    socket.onMessage((text) => {
      heard.push({ ...JSON.parse(text), out: true, bytes: text.length, ms: Date.now() })
      server.send(text)
    })
    server.onMessage((text) => {
      heard.push({ ...JSON.parse(text), ms: Date.now() })
      socket.send(text)
    })
    server.onClose((code, reason) => {
      heard.push({ op: 'closed', code, reason })
      void socket.close({ code, reason })
    })
  })
  const unsent = async () => Number(await page.locator('[data-testid=gps]').getAttribute('data-unsent'))

  await page.goto(at('courier'))
  const shift = page.locator('[data-testid=shift]')
  await shift.waitFor()
  // No shift begins without a position.
  if ((await shift.getAttribute('data-begins')) === 'true') await shift.click()
  await page.getByText('위치를 기다리는 중').waitFor()
  await page.evaluate(() => window.measure(0))
  await page.locator('[data-on-shift=true]').waitFor()
  await until('the first fix is acknowledged', async () => heard.some(({ op }) => op === 'ack'))

  down = true
  for (const socket of sockets) await socket.close({ code: 1001 })
  await page.locator('[data-connection=online]').waitFor({ state: 'detached' })
  await page.evaluate((count) => {
    for (let ago = count; ago > 0; ago--) window.measure(ago)
  }, BACKLOG)
  await until('all of it is kept', async () => (await unsent()) === BACKLOG || unsent(), 60_000)
  await courier.picture('without-network')

  heard = []
  down = false
  await page.evaluate(() => {
    window.dispatchEvent(new Event('online'))
    setInterval(() => window.measure(0), 1000)
  })
  await page.locator('[data-connection=online]').waitFor()
  const frames = () => heard.filter(({ op, out }) => op === 'fixes' && out)
  await until('the present is acknowledged', async () => {
    const [first] = frames()
    return heard.some(({ op, track, seq }) => op === 'ack' && track === first?.track && seq >= first.fixes.at(-1).seq)
  })
  const [first] = frames()
  const acked = heard.find(({ op, track }) => op === 'ack' && track === first.track)
  const tookMs = acked.ms - heard.find(({ op }) => op === 'open').ms
  assert.ok(tookMs < 2_000, `the present position took ${tookMs} ms`)
  assert.ok(Date.now() - Date.parse(first.fixes.at(-1).at) < 10_000, 'the past came first')

  const start = Date.now()
  await until('the past is through', async () => (await unsent()) <= 2 || unsent(), THROUGH_MS)
  const refusals = heard.filter(({ problem }) => problem).length
  const lateMs = Math.max(...lateness(heard, first.track))
  console.log(
    `  the present after ${tookMs} ms and never later than ${lateMs} ms, the past after ${Date.now() - start} ms; ` +
      `${frames().length} frames, ${refusals} refused`,
  )
  assert.deepEqual(heard.filter(({ op }) => op === 'closed'), [], 'the courier was closed')
  assert.ok(lateMs < PRESENT_MS, `a present position waited ${lateMs} ms`)
  const past = frames().filter(({ track }) => track !== first.track)
  assert.equal(new Set(past.flatMap(({ fixes }) => fixes.map(({ seq }) => seq))).size, BACKLOG - 1)
  const begins = past.map(({ fixes }) => fixes[0].seq)
  assert.deepEqual(begins, begins.toSorted((a, b) => a - b), 'the past did not rise')
  await shift.click()
  await page.locator('[data-on-shift=false]').waitFor()
})
