/**
 * What is wrong with a form is said at its fields, in the reader's language. Takes `BASE_URL` and
 * the rest as `story.mjs` does.
 */

import assert from 'node:assert/strict'
import { at, base, customer, keepSession, tell } from './people.mjs'

await tell('A form says at its fields what is wrong', async (join) => {
  const { page, picture } = await join('words', { viewport: { width: 390, height: 844 } })
  await page.goto(at('customer'))
  await page.getByRole('button', { name: '회원가입' }).click()
  await page.locator('input[name=email]').fill('someone@example.com')
  await page.locator('input[name=password]').fill('password1')
  await page.locator('input[name=name]').fill('이야기')
  await page.locator('input[name=phone]').fill('12')
  await page.locator('[data-testid=sign-in]').click()
  await page.locator('input[name=consent-terms]').waitFor()
  const told = (pointer) => page.locator(`[data-fault="${pointer}"]`)
  await told('/phone').waitFor()
  assert.match(await told('/consents/privacy').textContent(), /동의가 필요해요/)
  assert.match(await told('/phone').textContent(), /휴대전화 번호가 아니에요/)
  assert.equal(await page.locator('input[name=phone]').getAttribute('aria-invalid'), 'true')
  assert.equal(await told('/email').count(), 0)
  await picture('sign-up')
  await page.getByRole('button', { name: 'English' }).click()
  assert.match(await told('/phone').textContent(), /no mobile number/)
  assert.doesNotMatch(await page.locator('main [data-problem]').textContent(), /[가-힣]/)
})

await tell('A problem that no page knows is told in the language of the page', async (join) => {
  const guest = await customer()
  const { page, context } = await join('unknown-code')
  await keepSession(context, 'customer', guest.tokens)
  await page.route('**/v1/restaurants?*', (route) =>
    route.fulfill({ status: 409, contentType: 'application/problem+json', body: '{"type":"new.code","status":409,"detail":"Machine English."}' }),
  )
  await page.goto(at('customer'))
  const told = page.locator('main [data-problem="new.code"]')
  await told.waitFor()
  assert.match(await told.textContent(), /[가-힣]/)
  assert.doesNotMatch(await told.textContent(), /English/)
})
