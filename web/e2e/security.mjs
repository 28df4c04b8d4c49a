/**
 * Proofs of who somebody is: a forgotten password, the e-mail address, the telephone number, another
 * password. Codes are read where the sandbox shows them. Takes `BASE_URL` and the rest as `story.mjs`
 * does.
 */

import assert from 'node:assert/strict'
import { at, codeSent, customer, keepSession, tell } from './people.mjs'

const phone = { viewport: { width: 320, height: 640 } }

await tell('Who forgot their password sets another one by the code in the mail', async (join) => {
  const { email } = await customer()
  const { page, picture } = await join('forgot', phone)
  await page.goto(at('customer'))
  await page.locator('[data-testid=forgot]').click()
  // The page of signing in has a field of that name too.
  await page.locator('[data-testid=send-code]').waitFor()
  await page.locator('input[name=email]').fill(email)
  await picture('ask')
  await page.keyboard.press('Enter')
  await page.locator('[data-testid=code-form]').waitFor()
  const mailbox = page.locator('[data-testid=code-form] a')
  assert.match(await mailbox.getAttribute('href'), /\/mailbox$/)
  assert.equal(await page.locator('[data-testid=resend]').isDisabled(), true, 'another code too soon')

  const code = await codeSent('mailbox', email)
  const input = page.locator('input[name=code]')
  assert.equal(await input.getAttribute('autocomplete'), 'one-time-code')
  const wrong = code === '000000' ? '000001' : '000000'
  await input.fill(wrong)
  await page.locator('input[name=new_password]').fill('남산에서 피자를')
  await page.locator('[data-testid=confirm-code]').click()
  await page.locator('[data-problem="auth.code_wrong"]').waitFor()
  await picture('wrong')
  // As people paste it.
  await input.fill(` ${code.slice(0, 3)} ${code.slice(3)}`)
  await page.locator('input[name=new_password]').fill('password1234')
  await page.locator('[data-testid=confirm-code]').click()
  await page.locator('[data-fault="/new_password"]').waitFor()
  await page.locator('input[name=new_password]').fill('남산에서 피자를')
  await page.locator('[data-testid=confirm-code]').click()

  await page.locator('[data-testid=sign-in]').waitFor()
  await page.locator('input[name=email]').fill(email)
  await page.locator('input[name=password]').fill('남산에서 피자를')
  await page.locator('[data-testid=sign-in]').click()
  await page.locator('[data-restaurant]').first().waitFor()
})

await tell('Address and number are proven by codes, and a password is changed', async (join) => {
  const { tokens, email, password } = await customer()
  const { page, context, picture } = await join('security', phone)
  await keepSession(context, 'customer', tokens)
  await page.goto(at('customer', 'account/security'))
  const part = (name) => page.locator(`[data-testid=${name}]`)
  await part('verify-email').click()
  await part('email').locator('input[name=code]').fill(await codeSent('mailbox', email))
  await part('email').locator('[data-testid=confirm-code]').click()
  await part('verify-email').waitFor({ state: 'detached' })

  const number = `010${String(Date.now()).slice(-8)}`
  await part('verify-phone').click()
  await part('phone').locator('input[name=phone]').fill(number)
  await part('phone').locator('[data-testid=send-code]').click()
  await part('phone').locator('[data-testid=code-form]').waitFor()
  await picture('code', true)
  await part('phone').locator('input[name=code]').fill(await codeSent('sms', number))
  await part('phone').locator('[data-testid=confirm-code]').click()
  await part('phone').locator('.tone-good').waitFor()

  // Wrong once: that counts once.
  await part('password').locator('input[name=current_password]').fill('not this one')
  await part('password').locator('input[name=new_password]').fill('남산에서 피자를')
  await part('change-password').click()
  await page.locator('[data-problem="auth.credentials_wrong"]').waitFor()
  await part('password').locator('input[name=current_password]').fill(password)
  await part('change-password').click()
  await page.locator('[data-problem="auth.credentials_wrong"]').waitFor({ state: 'detached' })

  await part('change-email').click()
  const other = email.replace('@', '-other@')
  await part('email').locator('input[name=email]').fill(other)
  await part('email').locator('[data-testid=send-code]').click()
  await part('email').locator('input[name=code]').fill(await codeSent('mailbox', other))
  await part('email').locator('[data-testid=confirm-code]').click()
  await part('email').locator('.value', { hasText: other }).waitFor()
  await picture('done', true)
})
