/**
 * What is not known is not shown as well: neither by figures that nobody answers, nor by a board
 * that hears nothing. Takes `BASE_URL` and the rest as `story.mjs` does.
 */

import assert from 'node:assert/strict'
import { breakable } from './browser.mjs'
import { at, base, demo, keepSession, tell } from './people.mjs'

await tell('Operators see what is not known', async (join) => {
  const operator = await join('unknown', { viewport: { width: 390, height: 844 } })
  const { page, context, picture } = operator
  await keepSession(context, 'operator', await demo('operator'))
  await page.goto(at('operator'))
  const unknown = page.locator('[data-testid=unknown]')
  const told = page.locator('[data-state=stale]')
  const quiet = page.locator('[data-testid=quiet]')
  const troubles = page.locator('[data-trouble]')
  await quiet.or(troubles.first()).waitFor()

  const figures = /\/v1\/system\//
  const failures = [
    ['503', (route) => route.fulfill({ status: 503, contentType: 'application/problem+json', body: '{"type":"unavailable","status":503}' })],
    ['offline', (route) => route.abort('internetdisconnected')],
    ['silent', () => undefined],
  ]
  for (const [name, fail] of failures) {
    await page.route(figures, fail)
    await unknown.waitFor({ timeout: 12_000 })
    assert.equal(await quiet.count(), 0, `${name}: all is said to be well`)
    assert.match(await unknown.textContent(), /알 수 없어요.*\d:\d\d:\d\d 기준/, name)
    assert.match(await told.textContent(), /다시 시도/, `${name}: no way on`)
    if (name === '503') await picture('stale')
    if (name === 'silent') continue
    await page.unroute(figures)
    await unknown.waitFor({ state: 'detached' })
  }

  const stranger = await context.newPage()
  await stranger.route(figures, failures[0][1])
  await stranger.goto(at('operator'))
  await stranger.locator('[data-state=failed]').waitFor()
  assert.equal(await stranger.locator('[data-testid=quiet]').count(), 0)
  // What was never known is no zero, either.
  for (const figure of ['on-shift', 'on-delivery', 'free', 'sockets']) {
    assert.equal(await stranger.locator(`[data-testid=${figure}]`).textContent(), '–', figure)
  }
})

await tell('A board that hears nothing does not say that there is nothing', async (join) => {
  const owner = await join('deaf-owner')
  const { page, context, picture } = owner
  await keepSession(context, 'owner', await demo('owner'))
  const connection = await breakable(page)
  await page.goto(at('owner'))
  await page.locator('[data-connection=online]').waitFor()
  await page.locator('[data-testid=none]').first().waitFor()
  const empties = () => page.locator('[data-testid=none]').allTextContents()
  assert.ok((await empties()).includes('없음'))
  await connection.down()
  await page.locator('[data-testid=as-of]').waitFor()
  assert.ok(!(await empties()).includes('없음'))
  await picture('board')
  await connection.up()
  await page.locator('[data-connection=online]').waitFor()
  assert.equal(await page.locator('[data-testid=as-of]').count(), 0)
})
