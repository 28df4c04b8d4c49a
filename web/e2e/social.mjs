/**
 * Somebody signs up by Kakao, links Google, unlinks it, and comes back by Kakao: the companies are those of the
 * sandbox. Takes `BASE_URL` and the rest as `story.mjs` does, and `BAEDAL_SANDBOX_PORT`.
 */

import assert from 'node:assert/strict'
import { until } from './browser.mjs'
import { at, tell } from './people.mjs'

const PHONE = { width: 390, height: 844 }

await tell('Somebody signs up by one company, links another, and comes back', async (join) => {
  const hosts = [`127.0.0.1:${process.env.BAEDAL_SANDBOX_PORT}`]
  const { page, picture } = await join('social', { viewport: PHONE, hosts })
  const subject = String(Date.now())
  const email = `story-${subject}@mail.example`

  /** Signs in at the company. */
  const vouch = async (company, as = subject) => {
    await page.locator(`[data-provider=${company}]`).click()
    await page.locator('input[name=subject]').fill(as)
    await page.locator('input[name=email]').fill(email)
    await page.locator('button').click()
  }
  const signOut = async () => {
    await page.goto(at('customer', 'account'))
    await page.locator('[data-testid=sign-out]').click()
    await page.locator('[data-testid=sign-in]').waitFor()
  }

  await page.goto(at('customer'))
  await page.locator('[data-provider=kakao]').waitFor()
  await picture('ways')
  await vouch('kakao')
  await page.locator('[data-testid=social-sign-up]').waitFor()
  assert.ok(!page.url().includes('code='), 'the code stays in the address')
  assert.match(await page.locator('main').textContent(), new RegExp(email))
  await page.locator('input[name=phone]').fill('010-2345-6789')
  await page.locator('input[name=consent-all]').check()
  await picture('sign-up')
  await page.locator('[data-testid=social-sign-up]').click()
  await page.locator('input[name=label]').waitFor()

  await page.goto(at('customer', 'account/identities'))
  await page.locator('[data-identity=kakao]').waitFor()
  assert.equal(await page.locator('[data-testid=unlink]').count(), 0, 'the last way in can go')
  await vouch('google')
  await page.locator('[data-identity=google]').waitFor()
  await picture('linked')
  await page.locator('[data-identity=google] [data-testid=unlink]').click()
  await page.locator('[data-testid=confirm]').click()
  await page.locator('[data-identity=google]').waitFor({ state: 'detached' })

  await signOut()
  await page.goto(at('customer'))
  await vouch('kakao')
  await page.locator('input[name=label]').waitFor()

  // The address has an account: Apple's word for it is not enough.
  await signOut()
  await page.goto(at('customer'))
  await vouch('apple', `${subject}-apple`)
  await until('they are asked to sign in and link it', async () =>
    /로그인한 뒤/.test((await page.locator('main').textContent()) ?? ''),
  )
  await picture('link-needed')
})
