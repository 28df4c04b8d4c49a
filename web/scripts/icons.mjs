/**
 * Draws `public/icons`: one mark for each app, as SVG and as the PNGs that home screens want.
 * Run it after a change of colour in `build/apps.json`: `node scripts/icons.mjs`.
 */

import { writeFileSync } from 'node:fs'
import { chromium } from 'playwright-core'
import APPS from '../build/apps.json' with { type: 'json' }

/** A scooter for who orders and rides, and what each of the others has before them. */
const MARKS = {
  customer: '<path d="M6 19h13l2-8h4" fill="none" stroke="#fff" stroke-width="2.6" stroke-linecap="round" stroke-linejoin="round"/><circle cx="10" cy="22" r="3" fill="#fff"/><circle cx="22" cy="22" r="3" fill="#fff"/><rect x="6" y="10" width="9" height="7" rx="1.5" fill="#ffd166"/>',
  owner: '<path d="M8 15v9h16v-9M6 15l2-7h16l2 7a3.3 3.3 0 0 1-6.7 0 3.3 3.3 0 0 1-6.6 0A3.3 3.3 0 0 1 6 15z" fill="none" stroke="#fff" stroke-width="2.4" stroke-linejoin="round"/><rect x="13" y="18" width="6" height="6" fill="#ffd166"/>',
  courier: '<path d="M16 26s8-7.4 8-13a8 8 0 0 0-16 0c0 5.6 8 13 8 13z" fill="#fff"/><circle cx="16" cy="13" r="3.4" fill="#ffd166"/>',
  agent: '<path d="M7 9h18v12H15l-5 4v-4H7z" fill="#fff"/><circle cx="12" cy="15" r="1.6" fill="#6d28d9"/><circle cx="16" cy="15" r="1.6" fill="#6d28d9"/><circle cx="20" cy="15" r="1.6" fill="#6d28d9"/>',
  operator: '<path d="M7 22l6-8 5 5 7-10" fill="none" stroke="#fff" stroke-width="2.6" stroke-linecap="round" stroke-linejoin="round"/><circle cx="25" cy="9" r="2.6" fill="#ffd166"/>',
}

const folder = new URL('../public/icons/', import.meta.url).pathname
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] })
for (const [name, { color }] of Object.entries(APPS)) {
  // A square to its edges: systems cut the corners themselves. The mark stays within the safe circle.
  const draw = (radius) =>
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="${radius}" fill="${color}"/>${MARKS[name]}</svg>`
  writeFileSync(`${folder}${name}.svg`, draw(8))
  for (const size of [180, 192, 512]) {
    const page = await browser.newPage({ viewport: { width: size, height: size } })
    await page.setContent(`<style>*{margin:0}svg{display:block;width:${size}px;height:${size}px}</style>${draw(0)}`)
    await page.screenshot({ path: `${folder}${name}-${size}.png` })
    await page.close()
  }
}
await browser.close()
