/**
 * Whatever fails while a page loads is said in words, with a way on, and does not look like
 * loading. Takes `BASE_URL` and the rest as `story.mjs` does.
 */

import assert from 'node:assert/strict'
import { until } from './browser.mjs'
import { everyPage } from './every-page.mjs'
import { at, tell } from './people.mjs'

const problem = (status, type) => (route) =>
  route.fulfill({ status, contentType: 'application/problem+json', body: JSON.stringify({ type, status }) })

const FAILURES = {
  500: (route) => route.fulfill({ status: 500, body: '' }),
  503: problem(503, 'unavailable'),
  429: problem(429, 'limited'),
  offline: (route) => route.abort('internetdisconnected'),
  aborted: (route) => route.abort('aborted'),
}

await tell('Every page says that it failed, with a way on', async (join) => {
  const reader = await join('failing', { permissions: ['geolocation'], geolocation: { latitude: 37.5, longitude: 127.03 } })
  const { pages } = await everyPage(reader.context)
  // These ask for nothing before their reader does.
  const quiet = ['not-found', 'payment-return', 'order-payment', 'operator-search', 'operator-people', 'account', 'account-courier', 'export', 'withdraw', 'operator-coupon-new', 'operator-points-new']
  const asking = pages.filter(({ name }) => !quiet.includes(name))
  const faults = []

  async function failing({ name, app, path, ready }, failure) {
    const page = await reader.context.newPage()
    const wrong = (what) => faults.push(`${name}, ${failure}: ${what}`)
    const shown = page.locator('main [data-problem]')
    try {
      await page.route('**/v1/**', FAILURES[failure])
      await page.goto(at(app, path))
      await shown.first().waitFor({ timeout: 15_000 }).catch(() => wrong('no problem is shown'))
      if (!/[가-힣]/.test((await shown.first().textContent().catch(() => '')) ?? '')) wrong('no Korean words')
      if ((await page.locator('main [data-state=loading]').count()) > 0) wrong('an error looks like loading')
      await page.unroute('**/v1/**')
      const again = page.getByRole('button', { name: '다시 시도' })
      // Each way on that there is, until none is left.
      await until('the way on leads on', async () => {
        if ((await again.count()) > 0) await again.first().click({ timeout: 1_000 }).catch(() => undefined)
        return (await shown.count()) === 0 && (await page.locator(ready).count()) > 0
      }, 45_000).catch(() => wrong('trying again leads nowhere'))
    } finally {
      await page.close()
    }
  }

  for (const failure of Object.keys(FAILURES)) {
    const left = [...asking]
    const hand = async () => {
      for (let page = left.pop(); page; page = left.pop()) await failing(page, failure)
    }
    await Promise.all([hand(), hand(), hand()])
  }
  assert.deepEqual(faults, [])
})
