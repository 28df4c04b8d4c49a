/**
 * An owner's menu: a heading with dishes from nothing, options, a picture, an order by keyboard and by
 * hand, and what is sold out with one tap, in a bad network too. Takes `BASE_URL` and the rest as
 * `story.mjs` does.
 */

import assert from 'node:assert/strict'
import { until } from './browser.mjs'
import { at, base, customer, demo, get, keepSession, tell } from './people.mjs'

/** Another owner than those of the stories that order. */
const OWNER = 13

const heading = `이야기 ${Date.now().toString(36)}`

/** The heading of this story, as everybody sees it. */
async function shown(owner, restaurant) {
  const { groups } = await get(owner, `/v1/restaurants/${restaurant}/menus`)
  return groups.find((group) => group.name === heading)
}

await tell('An owner builds a menu, and says what is sold out', async (join) => {
  const owner = await demo('owner', OWNER)
  const [restaurant] = (await get(owner, '/v1/restaurants/mine')).items
  const { page, context, picture } = await join('menu', { viewport: { width: 1180, height: 900 } })
  await keepSession(context, 'owner', owner)
  await page.goto(at('owner', 'menu'))
  await page.locator('[data-group]').first().waitFor()
  await page.locator('input[name=group]').fill(heading)
  await page.locator('[data-testid=add-group]').click()
  const section = page.locator(`section[aria-label="${heading}"]`)
  await section.waitFor()

  const add = async (name, price) => {
    await section.locator('[data-testid=add-dish]').click()
    await page.locator('dialog input[name=name]').fill(name)
    await page.locator('dialog input[name=price]').fill(price)
    await page.locator('[data-testid=save-dish]').click()
    await page.locator('dialog input[name=option-group]').waitFor()
  }
  const close = () => page.keyboard.press('Escape')
  await add('첫째', '9000')
  await page.locator('dialog input[name=option-group]').fill('사리')
  await page.locator('[data-testid=add-option-group]').click()
  await page.locator('dialog input[name=option]').fill('소면')
  await page.locator('[data-testid=add-option]').click()
  await page.locator('[data-option]').waitFor()
  const drawn = await page.evaluate(async () => {
    const canvas = new OffscreenCanvas(640, 480)
    const pen = canvas.getContext('2d')
    pen.fillStyle = '#c86432'
    pen.fillRect(0, 0, 640, 480)
    return [...new Uint8Array(await (await canvas.convertToBlob({ type: 'image/png' })).arrayBuffer())]
  })
  await page.locator('input[data-testid=picture]').setInputFiles({ name: 'dish.png', mimeType: 'image/png', buffer: Buffer.from(drawn) })
  await page.locator('dialog canvas').waitFor()
  await picture('cut')
  await page.locator('[data-testid=save-picture]').click()
  await page.locator('dialog img').waitFor()
  await picture('dish')
  await close()
  await add('둘째', '8000')
  await close()
  await section.locator('[data-testid=add-dish]').click()
  await page.locator('dialog input[name=name]').fill('셋째')
  await page.locator('dialog input[name=price]').fill('많이')
  await page.locator('[data-testid=save-dish]').click()
  // A price is a number: the form is not sent.
  assert.equal(await page.locator('dialog input[name=price]').evaluate((field) => field.validity.valid), false)
  await page.locator('dialog input[name=price]').fill('7000')
  await page.locator('[data-testid=save-dish]').click()
  await page.locator('dialog input[name=option-group]').waitFor()
  await close()

  const names = async () => (await shown(owner, restaurant.id)).menus.map((menu) => menu.name).join()
  assert.equal(await names(), '첫째,둘째,셋째')
  const rows = section.locator('li[data-item]')
  // By keyboard: the handle keeps the focus, and says where the dish is.
  await rows.nth(0).locator('[data-testid=move]').focus()
  await page.keyboard.press('ArrowDown')
  await until('the first dish moved down', async () => (await names()) === '둘째,첫째,셋째')
  assert.match(await section.locator('[data-testid=told]').textContent(), /첫째: 3개 중 2번째/)
  // By hand.
  await rows.nth(2).dragTo(rows.nth(0))
  await until('the third dish was dragged to the top', async () => (await names()) === '셋째,둘째,첫째')
  await picture('ordered')
  const dish = (await shown(owner, restaurant.id)).menus[2]
  assert.equal((await fetch(base + dish.picture.files[0].path)).headers.get('cache-control'), 'public, max-age=31536000, immutable')

  // One tap in a tunnel: it is kept, also over a reload, and sent as soon as there is a network.
  await page.setViewportSize({ width: 390, height: 760 })
  await page.goto(at('owner', 'sold-out'))
  const line = page.locator(`[data-thing="${dish.id}"]`)
  await line.waitFor()
  await page.route(/\/v1\/menus\//, (route) => route.abort())
  await line.locator('[data-testid=today]').click()
  await page.locator('[data-testid=waiting][data-count="1"]').waitFor()
  await picture('waiting')
  await page.unroute(/\/v1\/menus\//)
  await page.locator('[data-testid=waiting][data-count="0"]').waitFor({ state: 'attached' })
  const guest = await customer()
  const isOut = async () => (await get(guest.tokens, `/v1/menus/${dish.id}`)).sold_out
  assert.equal(await isOut(), true)
  await line.locator('[data-testid=back]').click()
  await until('it can be had again', async () => !(await isOut()))

  // As it was before.
  await page.goto(at('owner', 'menu'))
  await section.getByRole('button', { name: `삭제 ${heading}` }).click()
  await page.locator('[data-testid=confirm]').click()
  await section.waitFor({ state: 'detached' })
  assert.equal(await shown(owner, restaurant.id), undefined)
})
