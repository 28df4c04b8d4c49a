/**
 * Each app can be installed, and its shell opens without network and says that it has none. Takes
 * `BASE_URL` and the rest as `story.mjs` does.
 */

import assert from 'node:assert/strict'
import { at, base, demo, keepSession, tell } from './people.mjs'

const APPS = ['customer', 'owner', 'courier', 'agent', 'operator']

await tell('Every app is an app of its own', async () => {
  const ids = new Set()
  for (const app of APPS) {
    const html = await (await fetch(at(app))).text()
    const href = /rel="manifest" href="([^"]+)"/.exec(html)?.[1]
    assert.ok(href, `${app} has no manifest`)
    const manifest = await (await fetch(base + href)).json()
    ids.add(manifest.id)
    assert.equal(manifest.start_url, new URL(at(app)).pathname)
    assert.equal(manifest.display, 'standalone')
    for (const { src, type } of manifest.icons) {
      const icon = await fetch(base + src)
      assert.equal(icon.status, 200, src)
      assert.match(icon.headers.get('content-type'), new RegExp(type.replace('+', '\\+')))
    }
  }
  assert.equal(ids.size, APPS.length)
})

await tell('The shell opens without network', async (join) => {
  const { page, context, picture } = await join('offline', {
    serviceWorkers: 'allow',
    viewport: { width: 390, height: 844 },
  })
  for (const app of APPS) await keepSession(context, app, await demo(app))
  for (const app of APPS) {
    await page.goto(at(app))
    await page.evaluate(async () => {
      const { active } = await navigator.serviceWorker.ready
      if (active.state !== 'activated') await new Promise((done) => active.addEventListener('statechange', done, { once: true }))
    })
  }
  await context.setOffline(true)
  for (const app of APPS) {
    await page.goto('about:blank')
    await page.goto(at(app))
    await page.locator('header .brand').waitFor()
    // Words, not a blank page: what it is, and that it cannot be asked for now.
    await page.locator('main [data-problem], main [data-connection=waiting], main [data-connection=connecting]').first().waitFor()
    await picture(app)
  }
  await context.setOffline(false)
  await page.goto(at('customer'))
  await page.locator('[data-restaurant], input[name=place]').first().waitFor()

  // What the payment window puts into the address is kept nowhere.
  await page.goto(`${base}/?payment_window=x&authKey=secret`)
  await page.locator('[data-testid=begin-again]').waitFor()
  const kept = await page.evaluate(async () => {
    const keys = async (name) => (await (await caches.open(name)).keys()).map(({ url }) => url)
    return (await Promise.all((await caches.keys()).map(keys))).flat()
  })
  assert.ok(kept.includes(`${base}/`), 'the page is not kept')
  assert.deepEqual(kept.filter((url) => url.includes('authKey')), [])
})
