/**
 * What a page costs a phone: bytes as they travel, and requests. Takes `BASE_URL` and the rest as
 * `story.mjs` does; the server has to compress, as it does in earnest.
 */

import assert from 'node:assert/strict'
import { gzipSync } from 'node:zlib'
import { everyPage } from './every-page.mjs'
import { at, tell } from './people.mjs'

const KB = 1024
const SIGN_IN_MOST = 90 * KB
const WITH_MAP_MOST = 750 * KB
const MAP_REQUESTS_MOST = 25

/** Whatever the page and its workers ask for from now on, its bytes on the wire. */
function counting(page) {
  const seen = []
  const sizes = []
  page.on('requestfinished', (request) => {
    const entry = { url: request.url().replace(/^https?:\/\/[^/]+/, ''), bytes: 0 }
    if (!/^https?:/.test(request.url())) return
    seen.push(entry)
    sizes.push(
      request.sizes().then(async ({ responseBodySize, responseHeadersSize }) => {
        // Of a worker's script the browser tells no size: it travels compressed as all scripts do.
        const worker = responseBodySize === 0 && /worker/.test(entry.url)
        const bytes = worker ? gzipSync(await (await fetch(request.url())).text()).length : responseBodySize
        entry.bytes = bytes + responseHeadersSize
      }),
    )
  })
  return { seen, known: () => Promise.all(sizes) }
}

const sum = (seen) => seen.reduce((all, { bytes }) => all + bytes, 0)
const listed = (seen) => seen.toSorted((a, b) => b.bytes - a.bytes).map(({ url, bytes }) => `${bytes} ${url}`).join('\n')

/** A device with Korean fonts of its own, as phones are. */
function withKoreanFonts() {
  const load = FontFace.prototype.load
  FontFace.prototype.load = function () {
    return this.family.includes('local Korean') ? Promise.resolve(this) : load.call(this)
  }
}

await tell('A page costs no more than its budget', async (join) => {
  for (const app of ['customer', 'owner', 'courier', 'agent', 'operator']) {
    const { page, context } = await join(`budget-${app}`)
    await context.addInitScript(withKoreanFonts)
    const { seen, known } = counting(page)
    await page.goto(at(app))
    await page.locator('[data-testid=sign-in]').waitFor()
    await page.waitForLoadState('networkidle')
    await known()
    console.log(`  ${app}: sign-in ${(sum(seen) / KB).toFixed(0)} KB, ${seen.length} requests`)
    assert.ok(sum(seen) <= SIGN_IN_MOST, `${app}: sign-in costs ${sum(seen)} bytes:\n${listed(seen)}`)
    assert.deepEqual(seen.filter(({ url }) => /noto-sans/.test(url)), [], `${app}: a font that the device has was fetched`)
    await context.close()
  }

  const reader = await join('budget-map')
  await reader.context.addInitScript(withKoreanFonts)
  const { placed } = await everyPage(reader.context)
  const page = await reader.context.newPage()
  const { seen, known } = counting(page)
  await page.goto(at('customer', `orders/${placed.id}`))
  await page.locator('[data-ready=true]').waitFor()
  await page.waitForLoadState('networkidle')
  await known()
  if (process.env.LIST) console.log(listed(seen))
  console.log(`  with the first map ${(sum(seen) / KB).toFixed(0)} KB, ${seen.length} requests`)
  assert.ok(sum(seen) <= WITH_MAP_MOST, `the first map costs ${sum(seen)} bytes:\n${listed(seen)}`)
  assert.ok(seen.length <= MAP_REQUESTS_MOST, `the first map asks ${seen.length} times:\n${listed(seen)}`)
})
