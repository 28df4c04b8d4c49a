/**
 * What was paid and what went back is there for who paid and for operators, who find it in the ledger
 * and decide what the gateway never said. Takes `BASE_URL` and the rest as `story.mjs` does.
 */

import assert from 'node:assert/strict'
import { until } from './browser.mjs'
import { at, customer, demo, fillCart, get, keepSession, pay, tell } from './people.mjs'

const PHONE = { viewport: { width: 320, height: 640 } }

/** The amounts of a column of the table that is shown, by account; what the cell of an empty one has is no amount. */
function amounts(table, column) {
  return table.locator('[data-account]').evaluateAll(
    (rows, column) => Object.fromEntries(
      rows
        .map((row) => [row.dataset.account, row.children[column].textContent.replace(/\D/g, '')])
        .filter(([, amount]) => amount !== '')
        .map(([account, amount]) => [account, Number(amount)]),
    ),
    column,
  )
}

await tell('A payment and its refund, for who paid and in the ledger', async (join) => {
  const guest = await customer()
  const restaurant = await fillCart(guest.tokens, guest.position)
  const order = await pay(guest)
  const won = (await get(guest.tokens, `/v1/orders/${order.id}`)).payable_won

  const { page, context, picture } = await join('payer', PHONE)
  await keepSession(context, 'customer', guest.tokens)
  // Before anything goes back: all of it, with its VAT.
  await page.goto(at('customer', 'account'))
  await page.getByRole('link', { name: '결제 내역' }).click()
  const tile = page.locator('[data-payment]')
  await page.locator('[data-payment][data-status=done]').waitFor()
  assert.equal(await tile.count(), 1)
  await tile.click()
  await page.locator('[data-try][data-status=done]').waitFor()
  const figure = (name) => page.locator(`[data-testid=${name}]`).getAttribute('data-won').then(Number)
  assert.equal(await figure('amount'), won)
  assert.equal((await figure('supply')) + (await figure('vat')), won)
  assert.equal(await page.locator('[data-refund]').count(), 0)
  await picture('paid', true)

  await page.locator('[data-testid=to-order]').click()
  await page.locator('[data-testid=cancel]').click()
  await page.locator('[data-testid=confirm]').click()
  await page.locator('[data-testid=status][data-status=cancelled]').waitFor()
  await until('the money is back', async () => (await get(guest.tokens, '/v1/payments')).items[0].status === 'cancelled')
  await page.goto(at('customer', 'account/payments'))
  await page.locator('[data-payment][data-status=cancelled]').waitFor()
  assert.match(await tile.textContent(), new RegExp(restaurant.name))
  await picture('payments')
  await tile.click()
  await page.locator('[data-refund][data-status=succeeded]').waitFor()
  assert.equal(await figure('refunded'), won)
  await picture('refunded', true)

  // An operator finds the same payment by its order, and where each won of it is.
  const operator = await join('bookkeeper')
  await keepSession(operator.context, 'operator', await demo('operator'))
  const books = operator.page
  await books.goto(at('operator', 'payments'))
  await books.locator('[data-payment]').first().waitFor()
  await books.locator('input[name=order]').fill('no order')
  await books.locator('[data-testid=find]').click()
  await books.locator('[data-fault="/order_id"]').waitFor()
  await books.locator('input[name=order]').fill(order.id)
  await books.locator('[data-testid=find]').click()
  const row = books.locator('tr[data-payment][data-status=cancelled]')
  await until('it is the only one', async () => (await books.locator('tr[data-payment]').count()) === 1 && (await row.count()) === 1)
  await operator.picture('payments')
  await row.getByRole('link').click()
  await books.locator('[data-refund][data-status=succeeded]').waitFor()
  assert.equal(await books.locator('[data-testid=customer]').textContent(), guest.tokens.user_id)
  await operator.picture('payment')

  await books.locator('[data-testid=to-ledger]').click()
  await books.locator('[data-entry]').nth(2).waitFor()
  const kinds = await books.locator('[data-entry]').evaluateAll((all) => all.map((one) => one.dataset.kind))
  assert.deepEqual(kinds, ['refund_paid', 'refund_owed', 'payment_taken'])
  const taken = books.locator('[data-kind=payment_taken]')
  assert.deepEqual(await amounts(taken, 1), { gateway: won })
  assert.deepEqual(await amounts(taken, 2), { deposits: won })
  await operator.picture('entries')

  // The day: debits are credits, and nothing disagrees.
  await books.goto(at('operator', 'ledger'))
  const day = books.locator('[data-discrepancies]')
  await day.waitFor()
  assert.equal(await day.getAttribute('data-discrepancies'), '0')
  await books.locator('[data-testid=agrees]').waitFor()
  assert.ok(Number(await day.getAttribute('data-orders')) >= 1)
  const sum = async (column) => Object.values(await amounts(day, column)).reduce((all, one) => all + one, 0)
  assert.equal(await sum(1), await sum(2))
  const today = await day.getAttribute('data-day')
  await operator.picture('day', true)
  await books.locator('[data-testid=day-before]').click()
  await until('it is the day before', async () => (await day.getAttribute('data-day')) < today)
  await books.locator('select[name=account]').selectOption('refunds')
  await books.locator('[data-testid=find]').click()
  await until('only refunds are shown', async () =>
    (await books.locator('[data-entry]').count()) > 0 && (await books.locator('[data-entry]:not([data-kind^=refund])').count()) === 0,
  )
})

/** Nobody has a gateway say nothing for as long as it takes: what waits is told by the story. */
await tell('What the gateway never said is decided, after a question', async (join) => {
  const { page, context, picture } = await join('decider', PHONE)
  await keepSession(context, 'operator', await demo('operator'))
  const id = () => crypto.randomUUID()
  const payment = { id: id(), order_id: id(), amount_won: 18_000, status: 'unknown', asked: 6, created_at: new Date().toISOString() }
  const refund = { id: id(), payment_id: id(), order_id: id(), amount_won: 9_000, reason: 'late_approval', status: 'failed', attempts: 0 }
  const left = { payments: [payment], refunds: [refund] }
  const asked = []
  await page.route('**/v1/payments/undecided', (route) => route.fulfill({ json: left }))
  await page.route(/decision$|retry$/, (route) => {
    asked.push([new URL(route.request().url()).pathname, route.request().postDataJSON()])
    const which = asked.length === 1 ? 'payments' : 'refunds'
    return route.fulfill({ json: left[which].pop() })
  })

  await page.goto(at('operator', 'decisions'))
  await page.locator('[data-decision]').waitFor()
  await picture('waiting', true)
  await page.locator('[data-testid=taken]').click()
  await page.locator('[data-testid=refrain]').click()
  await page.locator('[data-testid=not-taken]').click()
  assert.match(await page.locator('dialog').textContent(), /18,000원이 결제되지 않은/)
  await picture('question')
  assert.deepEqual(asked, [])
  await page.locator('[data-testid=confirm]').click()
  await page.locator('[data-decision]').waitFor({ state: 'detached' })
  await page.locator('[data-testid=retry]').click()
  await page.locator('[data-state=empty]').waitFor()
  assert.deepEqual(asked, [
    [`/v1/payments/${payment.id}/decision`, { taken: false }],
    [`/v1/refunds/${refund.id}/retry`, null],
  ])
})
