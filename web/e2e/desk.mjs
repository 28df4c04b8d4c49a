/**
 * An agent with several conversations: drafts stay, what ended can be read, and only what is looked
 * at counts as read. Takes `BASE_URL` and the rest as `story.mjs` does.
 */

import assert from 'node:assert/strict'
import { breakable, until } from './browser.mjs'
import { at, customer, demo, get, hearCalls, keepSession, ordered, post, put, tell } from './people.mjs'

/** Nothing of an earlier story waits. */
async function clear(agent) {
  for (;;) {
    await put(agent, '/v1/agents/me/presence', { online: true })
    const { assigned, queued } = await get(agent, '/v1/agents/me/desk')
    for (const { id } of assigned) await post(agent, `/v1/conversations/${id}/resolve`)
    if (assigned.length === 0 && queued === 0) return
  }
}

const ask = (guest, text, order) =>
  post(guest.tokens, '/v1/conversations', {
    topic: order ? 'order' : 'other',
    ...(order ? { order_id: order.id } : {}),
    text,
    client_message_id: crypto.randomUUID(),
  })
const say = (guest, { id }, text) =>
  post(guest.tokens, `/v1/conversations/${id}/messages`, { text, client_message_id: crypto.randomUUID() })

await tell('Several conversations at one desk', async (join) => {
  const agent = await demo('agent')
  await clear(agent)
  const guests = [await customer(), await customer()]
  const order = await ordered(guests[0])
  const reader = await join('desk', { viewport: { width: 1180, height: 900 } })
  const { page, context, picture } = reader
  await keepSession(context, 'agent', agent)
  await hearCalls(context)
  await page.goto(at('agent'))
  await page.locator('[data-online=true]').waitFor()
  const capacity = (await get(agent, '/v1/agents/me/desk')).capacity
  assert.match(await page.locator('[data-testid=load]').textContent(), new RegExp(`\\d/${capacity}건`))

  const one = await ask(guests[0], '주문이 아직 안 왔어요', order)
  const two = await ask(guests[1], '쿠폰을 어떻게 쓰나요?')
  const entry = (conversation) => page.locator(`nav [data-conversation="${conversation.id}"]`)
  const unread = async (conversation) => Number(await entry(conversation).getAttribute('data-unread'))
  await entry(one).waitFor()
  await entry(two).waitFor()
  await until('the title counts both', async () => Number(/^\((\d+)\) /.exec(await page.title())?.[1] ?? 0) >= 2)
  assert.ok((await page.evaluate(() => window.calls)).sounds >= 2, 'nobody was called')
  const readUpTo = async (conversation) => (await get(agent, `/v1/conversations/${conversation.id}`)).agent_read_seq

  // One is looked at, the other is not.
  await entry(one).click()
  await page.locator('[data-seq]', { hasText: '안 왔어요' }).waitFor()
  await until('it is read', async () => (await readUpTo(one)) > 0 && (await unread(one)) === 0)
  assert.equal(await unread(two), 1)
  assert.equal(await readUpTo(two), 0)
  const facts = page.locator('[data-testid=order-facts]')
  await facts.locator('[data-status=placed]').waitFor()
  assert.ok((await facts.textContent()).includes(order.code))
  await picture('two')

  // What is written stays where it was written.
  const field = page.locator('textarea')
  await field.fill('확인해 볼게요')
  await entry(two).click()
  await page.locator('[data-seq]', { hasText: '쿠폰' }).waitFor()
  assert.equal(await field.inputValue(), '')
  await field.fill('쿠폰은')
  await entry(one).click()
  await until('the draft is there', async () => (await field.inputValue()) === '확인해 볼게요')
  await page.reload()
  await entry(two).click()
  await until('and after a reload', async () => (await field.inputValue()) === '쿠폰은')
  await field.press('End')
  await field.pressSequentially(' 주문할 때 쓸 수 있어요')
  await field.press('Enter')
  await page.locator('[data-seq]', { hasText: '쿠폰은 주문할 때' }).waitFor()
  await entry(one).click()
  await entry(two).click()
  assert.equal(await field.inputValue(), '', 'what was sent is a draft still')

  // Who has scrolled up has not read what comes below.
  for (let line = 1; line <= 12; line++) await say(guests[1], two, `${line}번째 줄\n그리고 더 긴 이야기`)
  await until('the last one is read, and the server knows', async () => {
    const { last_seq, agent_read_seq } = await get(agent, `/v1/conversations/${two.id}`)
    return (await page.locator('[data-seq]').count()) >= 14 && agent_read_seq === last_seq
  })
  const list = page.locator('ol[tabindex]')
  await list.evaluate((one) => one.scrollTo(0, 0))
  await until('it has scrolled', async () => (await list.evaluate((one) => one.scrollTop)) === 0)
  const before = await readUpTo(two)
  await say(guests[1], two, '마지막 질문이에요')
  await page.locator('[data-testid=newer]').waitFor()
  assert.equal(await unread(two), 1)
  assert.equal(await readUpTo(two), before)
  assert.equal(await list.evaluate((one) => one.scrollTop), 0, 'the reader was moved')
  await picture('scrolled-up')
  await page.locator('[data-testid=newer]').click()
  await until('it is read', async () => (await unread(two)) === 0 && (await readUpTo(two)) > before)

  // What has ended can be read: at once, and after a reload.
  await page.locator('[data-testid=resolve]').click()
  await page.locator('[data-testid=standing]').waitFor()
  await page.locator('[data-seq]', { hasText: '마지막 질문' }).waitFor()
  await page.reload()
  await page.locator('[data-testid=finished] summary').click()
  await entry(two).click()
  await page.locator('[data-seq]', { hasText: '마지막 질문' }).waitFor()
  assert.equal(await field.count(), 0, 'an ended conversation is written to')
  await picture('finished')
  await say(guests[1], two, '하나 더 있어요')
  await field.waitFor()

  // On a phone: the list, or the one that was chosen.
  await page.setViewportSize({ width: 390, height: 844 })
  await page.locator('[data-testid=back]').click()
  await entry(one).waitFor()
  await picture('phone-list')
  await entry(one).click()
  await field.waitFor()
  assert.equal(await entry(one).isVisible(), false)
  const focused = () => page.evaluate(() => document.activeElement?.tagName)
  await until('the focus goes along', async () => (await focused()) === 'H2')
  await picture('phone-chat')
  await page.locator('[data-testid=back]').click()
  await until('and back', async () => (await focused()) === 'BUTTON')
})

await tell('A desk without a connection says how old it is, and sends when it is back', async (join) => {
  const agent = await demo('agent')
  const guest = await customer()
  await clear(agent)
  const reader = await join('stale-desk', { viewport: { width: 390, height: 844 } })
  const { page, context, picture } = reader
  await keepSession(context, 'agent', agent)
  const connection = await breakable(page)
  await page.goto(at('agent'))
  const talk = await ask(guest, '안녕하세요')
  await page.locator(`[data-conversation="${talk.id}"]`).click()
  await page.locator('[data-seq]', { hasText: '안녕하세요' }).waitFor()
  await connection.down()
  const stale = page.locator('[data-state=stale]')
  await stale.waitFor()
  assert.match(await stale.textContent(), /기준/)
  await page.locator('textarea').fill('연결 없이 쓴 답이에요')
  await page.locator('textarea').press('Enter')
  await page.locator('[data-draft]').waitFor()
  await picture('stale')
  // Even a reload loses nothing of it.
  await page.reload()
  await page.locator(`[data-conversation="${talk.id}"]`).click()
  await page.locator('[data-draft]', { hasText: '연결 없이' }).waitFor()
  await connection.up()
  await page.locator('[data-seq]', { hasText: '연결 없이' }).waitFor()
  const { items } = await get(guest.tokens, `/v1/conversations/${talk.id}/messages`)
  assert.equal(items.filter(({ text }) => text.startsWith('연결 없이')).length, 1)
  await put(agent, '/v1/agents/me/presence', { online: false })
})
