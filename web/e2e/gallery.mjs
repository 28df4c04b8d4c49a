/** The gallery of the design system: nothing that axe finds, in either theme, and its dialogs work. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { base, tell } from './people.mjs'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

await tell('The design system', async (join) => {
  for (const width of [390, 1180]) {
    const { page, picture } = await join('gallery', { bypassCSP: true, viewport: { width, height: 900 }, reducedMotion: 'reduce' })
    await page.goto(`${base}/ui/`)
    await page.locator('canvas').nth(1).waitFor()
    await page.evaluate(axe)
    const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }))
    assert.deepEqual(violations.map(({ id, nodes }) => [id, nodes.map((node) => node.html)]), [])
    const wider = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
    assert.ok(wider <= 0, `${wider} px too wide`)
    await picture(`${width}`, true)
    await page.getByRole('button', { name: 'Confirm' }).first().click()
    await page.locator('[data-testid=confirm]').waitFor()
    await picture(`${width}-confirm`)
    await page.keyboard.press('Escape')
    await page.locator('dialog').waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Toast' }).first().click()
    await page.locator('[data-testid=toast]').waitFor()
  }
})
