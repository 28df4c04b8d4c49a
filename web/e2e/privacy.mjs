/**
 * A copy of one's data, and leaving: the file is fetched, and whoever left is signed out and can
 * sign in no more. Takes `BASE_URL` and the rest as `story.mjs` does.
 */

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { at, customer, keepSession, tell } from './people.mjs'

await tell('Somebody takes their data along, and leaves', async (join) => {
  const guest = await customer({ detail: '904호' })
  const leaver = await join('privacy', { viewport: { width: 360, height: 780 }, acceptDownloads: true })
  const { page } = leaver
  await keepSession(leaver.context, 'customer', guest.tokens)
  await page.goto(at('customer', 'account/export'))
  const download = page.waitForEvent('download')
  await page.locator('[data-testid=copy]').click()
  const file = await (await download).path()
  assert.match(await readFile(file, 'utf8'), /904호/, 'the copy has their address')
  await leaver.picture('export')

  await page.goto(at('customer', 'account/withdraw'))
  await page.locator('[data-testid=withdraw]').waitFor()
  const wider = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
  assert.ok(wider <= 0, `the page is ${wider} px wider than a phone`)
  await leaver.picture('withdraw')
  await page.locator('[data-testid=withdraw]').click()
  await page.locator('[data-testid=confirm]').click()
  await page.locator('input[type=password]').waitFor()
  assert.equal(await page.evaluate(() => localStorage.getItem('baedal.session.customer')), null)
  await leaver.picture('left')
})
