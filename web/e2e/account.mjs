/**
 * The account area: consents, notification settings and the profile, chosen and kept. Takes
 * `BASE_URL` and the rest as `story.mjs` does.
 */

import assert from 'node:assert/strict'
import { until } from './browser.mjs'
import { at, customer, fillCart, keepSession, pay, put, tell } from './people.mjs'

const phone = { viewport: { width: 360, height: 740 } }

await tell('Consents and notifications are chosen and stay', async (join) => {
  const guest = await customer()
  const { page, picture, context } = await join('account', phone)
  await keepSession(context, 'customer', guest.tokens)
  await page.goto(at('customer'))
  await page.locator('[data-testid=account]').click()
  await picture('account', true)

  await page.locator('[data-section=consents]').click()
  const consent = (purpose) => page.locator(`input[name=consent-${purpose}]`)
  await consent('terms').waitFor()
  assert.ok(await consent('terms').isDisabled(), 'a needed consent ends with the account')
  assert.ok(!(await consent('advertising').isChecked()))
  await consent('advertising').check()
  await until('the answer stands in the history', async () => (await page.locator('[data-testid=consent-history] li').count()) === 7)
  await picture('consents', true)
  await page.reload()
  await until('the answer stays', () => consent('advertising').isChecked())

  await page.goto(at('customer', 'account/notifications'))
  await page.locator('input[name=chat-push]').uncheck()
  await page.locator('input[name=quiet]').check()
  await page.locator('input[name=quiet-from]').fill('22:30')
  await page.locator('[data-testid=save-notifications]').click()
  await page.getByText('저장했어요.').waitFor()
  await page.reload()
  await page.locator('input[name=quiet-from]').waitFor()
  assert.equal(await page.locator('input[name=quiet-from]').inputValue(), '22:30')
  assert.ok(!(await page.locator('input[name=chat-push]').isChecked()))
  await picture('notifications', true)

  // Another device was faster: what it chose stays, and is shown.
  await put(guest.tokens, '/v1/users/me/notification-settings', { muted: [], quiet_hours: { from: '21:00:00', until: '08:00:00' } })
  await page.locator('input[name=chat-mail]').uncheck()
  await page.locator('[data-testid=save-notifications]').click()
  await page.locator('[data-problem$=stale]').waitFor()
  await until('what was chosen elsewhere is shown', async () => (await page.locator('input[name=quiet-from]').inputValue()) === '21:00')
  assert.ok(await page.locator('input[name=chat-push]').isChecked())
  await page.locator('[data-testid=save-notifications]').click()
  await page.locator('[data-problem$=stale]').waitFor({ state: 'detached' })

  await page.goto(at('customer', 'account/profile'))
  await page.reload() // what was said of the settings is gone
  await page.locator('input[name=nickname]').fill('치킨요정')
  await page.locator('[data-testid=save-profile]').click()
  await page.getByText('저장했어요.').waitFor()
  await page.getByRole('button', { name: 'English' }).click()
  await picture('profile', true)
})

/** What the browser keeps of an app beside its files: the names in its stores, and the addresses in its caches. */
const kept = (page) =>
  page.evaluate(async () => ({
    local: Object.keys(localStorage).sort(),
    tab: Object.keys(sessionStorage).sort(),
    databases: (await indexedDB.databases()).map(({ name }) => name),
    cookies: document.cookie,
    cached: (await Promise.all((await caches.keys()).map(async (name) => (await (await caches.open(name)).keys()).map(({ url }) => new URL(url).pathname))))
      .flat()
      .filter((path) => !/^\/(assets|icons)\//.test(path)),
  }))

await tell('Devices are listed and signed out, and a browser forgets who used it', async (join) => {
  const guest = await customer()
  const { page, picture } = await join('devices', phone)
  const other = await join('devices-other', phone)
  for (const device of [page, other.page]) {
    await device.goto(at('customer'))
    await device.locator('input[name=email]').fill(guest.email)
    await device.locator('input[name=password]').fill(guest.password)
    await device.locator('[data-testid=sign-in]').click()
    await device.locator('[data-restaurant]').first().waitFor()
  }

  await page.goto(at('customer', 'account/devices'))
  // The third is the one that signed up.
  await until('all devices are listed', async () => (await page.locator('[data-session]').count()) === 3)
  await picture('devices', true)
  await page.locator('[data-testid=end-session]').first().click()
  await page.locator('[data-testid=confirm]').click()
  await until('it is gone from the list', async () => (await page.locator('[data-session]').count()) === 2)
  await other.page.goto(at('customer', 'orders'))
  await other.page.locator('[data-testid=sign-in]').waitFor()

  // Something of each kind that pages keep: pages that were seen, something half written, a choice.
  await fillCart(guest.tokens, guest.position)
  const order = await pay(guest)
  await page.goto(at('customer', `orders/${order.id}`))
  await page.locator('[data-testid=ask]').click()
  await page.locator('[data-testid=chat] textarea').fill('문 앞 비밀번호는 1234')
  await until('what is half written is kept', async () => (await kept(page)).tab.length > 0)
  await page.getByRole('button', { name: 'English' }).click()
  const used = await kept(page)
  assert.deepEqual(used.local, ['baedal.device.customer', 'baedal.language', 'baedal.session.customer'])
  assert.deepEqual({ databases: used.databases, cookies: used.cookies }, { databases: [], cookies: '' })
  assert.deepEqual(used.cached.filter((path) => path !== '/'), [], 'no answer of the server is cached')

  await page.goto(at('customer', 'account/devices'))
  await page.locator('[data-testid=end-all]').click()
  await page.locator('[data-testid=confirm]').click()
  await page.locator('[data-testid=sign-in]').waitFor()
  const left = await kept(page)
  assert.deepEqual(left.local, ['baedal.device.customer', 'baedal.language'])
  assert.deepEqual(left.tab, [], 'what was half written')
})

await tell('A photo is chosen, cut to a square, shown and removed', async (join) => {
  const guest = await customer()
  const { page, picture, context } = await join('photo', { viewport: { width: 320, height: 640 } })
  await keepSession(context, 'customer', guest.tokens)
  await page.goto(at('customer', 'account/profile'))
  await page.locator('[data-testid=no-photo]').waitFor()

  const choose = (name, mimeType, buffer) => page.locator('input[data-testid=choose-photo]').setInputFiles({ name, mimeType, buffer })
  await choose('photo.heic', 'image/heic', Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic', 'latin1'))
  await page.getByText('HEIC 사진은 올릴 수 없어요.').waitFor()

  // Red on the left, blue on the right.
  const drawn = await page.evaluate(async () => {
    const canvas = new OffscreenCanvas(900, 300)
    const pen = canvas.getContext('2d')
    for (const [place, colour] of ['#d02020', '#20a020', '#2020d0'].entries()) {
      pen.fillStyle = colour
      pen.fillRect(place * 300, 0, 300, 300)
    }
    return [...new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer())]
  })
  await choose('photo.png', 'image/png', Buffer.from(drawn))
  await page.locator('input[name=across]').focus()
  await page.keyboard.press('End')
  await picture('photo-cut')
  await page.locator('[data-testid=save-picture]').focus()
  await page.keyboard.press('Enter')
  const shown = page.locator('[data-testid=photo]')
  await shown.waitFor()
  const { width, height, colour } = await shown.evaluate(async (image) => {
    await image.decode()
    const canvas = new OffscreenCanvas(1, 1)
    const pen = canvas.getContext('2d')
    pen.drawImage(image, 0, 0, 1, 1)
    return { width: image.naturalWidth, height: image.naturalHeight, colour: [...pen.getImageData(0, 0, 1, 1).data] }
  })
  assert.deepEqual([width, height], [300, 300], 'a square')
  assert.ok(colour[2] > 180 && colour[0] < 80, `the right end was chosen by keyboard, and not ${colour}`)
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'nothing sticks out at 320 px')
  await picture('photo', true)

  await page.reload()
  await shown.waitFor()
  await page.emulateMedia({ colorScheme: 'dark' })
  await picture('photo-dark', true)
  await page.locator('[data-testid=remove-photo]').click()
  await page.locator('[data-testid=confirm]').click()
  await page.locator('[data-testid=no-photo]').waitFor()
  await page.reload()
  await page.locator('[data-testid=no-photo]').waitFor()
})
