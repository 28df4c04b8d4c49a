/**
 * A customer finds a restaurant: by kind, by three letters, by keyboard alone, on a phone, beside a map.
 * Takes `BASE_URL` and the rest as `story.mjs` does.
 */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { until } from './browser.mjs'
import { at, customer, keepSession, tell } from './people.mjs'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

async function visitor(join, name, options) {
  const guest = await customer()
  const one = await join(name, { bypassCSP: true, ...options })
  await keepSession(one.context, 'customer', guest.tokens)
  await one.page.goto(at('customer'))
  await one.page.locator('[data-restaurant]').first().waitFor()
  return one
}

const categories = (page) => page.locator('[data-restaurant] .spread > :last-child').allTextContents()

/** What axe finds, and what is wider than the page. */
async function sound(page) {
  await page.evaluate(axe)
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }))
  assert.deepEqual(violations.map(({ id, nodes }) => [id, nodes.map((node) => node.html)]), [])
  const wider = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
  assert.ok(wider <= 0, `${wider} px too wide`)
}

await tell('Three letters and the keyboard find a kind, a restaurant and a dish', async (join) => {
  const { page, picture } = await visitor(join, 'search')
  const field = page.getByRole('combobox')
  const options = page.getByRole('option')
  await field.focus()
  // As it is typed: initial consonants alone.
  await field.pressSequentially('ㅊㅋ')
  await options.first().waitFor()
  assert.equal(await field.getAttribute('aria-expanded'), 'true')
  assert.equal(await options.first().locator('[data-suggestion]').getAttribute('data-suggestion'), 'category')
  assert.match(await options.first().textContent(), /치킨/)
  assert.ok((await options.count()) <= 10)
  await picture('suggestions')
  await page.keyboard.press('ArrowDown')
  assert.equal(await options.first().getAttribute('aria-selected'), 'true')
  assert.equal(await field.getAttribute('aria-activedescendant'), await options.first().getAttribute('id'))
  await sound(page)
  await page.keyboard.press('ArrowUp')
  assert.equal(await field.getAttribute('aria-activedescendant'), null)
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await until('the kind counts', async () => (await categories(page)).every((kind) => kind === '치킨'))
  assert.equal(await field.inputValue(), '')
  assert.ok(await page.locator('[data-option=chicken] input').isChecked())
  await page.locator('[data-option=all]').click()
  await until('all kinds are there', async () => new Set(await categories(page)).size > 1)

  // The keyboard was left on Latin letters; Escape closes the list, Enter searches.
  await field.pressSequentially('clzls')
  await options.first().waitFor()
  await page.keyboard.press('Escape')
  await options.first().waitFor({ state: 'hidden' })
  assert.equal(await field.inputValue(), 'clzls')
  await page.keyboard.press('Enter')
  await until('it is found', async () => (await page.locator('[data-restaurant]').count()) > 0)

  // A restaurant leads to its page.
  const name = await page.locator('[data-restaurant] strong').first().textContent()
  await field.fill('')
  await field.pressSequentially(name)
  const restaurant = page.locator('[data-suggestion=restaurant]').first()
  await restaurant.waitFor()
  await restaurant.click()
  await page.locator('[data-menu]').first().waitFor()
  assert.equal(await page.locator('h1').textContent(), name)
})

await tell('The list stands beside a map where there is room', async (join) => {
  const { page, picture } = await visitor(join, 'search-map')
  const map = page.locator('[data-restaurants]')
  await map.locator('canvas').waitFor()
  const count = await page.locator('[data-restaurant]').count()
  assert.equal(await map.getAttribute('data-restaurants'), String(count))
  const second = page.locator('[data-restaurant]').nth(1)
  await second.hover()
  assert.equal(await map.getAttribute('data-pointed'), await second.getAttribute('data-restaurant'))
  await picture('map')
  await page.setViewportSize({ width: 700, height: 900 })
  await map.waitFor({ state: 'detached' })
})

await tell('On a phone, in the dark and in English', async (join) => {
  const { page, picture } = await visitor(join, 'search-phone', {
    viewport: { width: 320, height: 640 },
    colorScheme: 'dark',
    locale: 'en-US',
  })
  assert.equal(await page.locator('[data-restaurants]').count(), 0)
  const field = page.getByRole('combobox', { name: 'Search restaurants or dishes' })
  await field.pressSequentially('피')
  const dish = page.locator('[data-suggestion=dish]').first()
  await dish.waitFor()
  await sound(page)
  await picture('suggestions')
  const words = await dish.textContent()
  await dish.click()
  assert.equal(await field.inputValue(), words)
  await until('the dish is found', async () => (await page.locator('[data-restaurant]').count()) > 0)
  await picture('found')
})
