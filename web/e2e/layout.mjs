/**
 * Every page in both languages, on two phones and a desktop, light and dark: nothing overflows, is
 * clipped, breaks within a word or covers a control, axe finds nothing, and pictures of all of it
 * are kept. Takes `BASE_URL` and the rest as `story.mjs` does; `PICTURES=none` keeps none.
 */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { artifacts } from './browser.mjs'
import { EMPTY_GUEST, everyPage, guestPages, SIGN_IN } from './every-page.mjs'
import { at, tell } from './people.mjs'

const WIDTHS = [320, 390, 1180]
const THEMES = ['light', 'dark']
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** Runs in the page: what is wrong with how it is laid out, in words. */
function lookAtLayout() {
  const wrong = []
  const root = document.documentElement
  const phone = root.clientWidth <= 640
  const name = (element) => {
    const text = (element.getAttribute('aria-label') ?? element.textContent ?? '').trim().replace(/\s+/g, ' ')
    return `<${element.tagName.toLowerCase()}> ${JSON.stringify(text.slice(0, 40))}`
  }
  const shown = (element) => element.checkVisibility({ opacityProperty: true, visibilityProperty: true })
  const hidden = (element) => element.closest('.visually-hidden, .skip, .maplibregl-map, [hidden]') !== null
  const scrolls = (element) => {
    for (let up = element.parentElement; up; up = up.parentElement) {
      if (/auto|scroll/.test(getComputedStyle(up).overflowX)) return true
    }
    return false
  }

  if (root.scrollWidth > root.clientWidth) {
    const widest = [...document.querySelectorAll('main *')].filter(
      (one) => shown(one) && one.getBoundingClientRect().right > root.clientWidth + 1 && !scrolls(one),
    )
    wrong.push(`the page is ${root.scrollWidth - root.clientWidth} px too wide: ${widest.slice(0, 3).map(name).join(', ')}`)
  }

  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  const range = document.createRange()
  const probe = document.createElement('span')
  probe.style.cssText = 'position:absolute;visibility:hidden;white-space:nowrap'
  for (let node = texts.nextNode(); node; node = texts.nextNode()) {
    const box = node.parentElement
    if (!box || node.data.trim() === '' || hidden(box) || !shown(box) || /^(OPTION|SCRIPT|STYLE|NOSCRIPT)$/.test(box.tagName)) continue
    const style = getComputedStyle(box)
    if (style.overflowX !== 'visible' && style.textOverflow !== 'ellipsis' && !/auto|scroll/.test(style.overflowX) && box.scrollWidth > box.clientWidth + 1) {
      wrong.push(`clipped: ${name(box)}`)
    }
    // A word on two lines that would fit on one was broken by letters.
    for (const { 0: word, index } of node.data.matchAll(/\S{2,}/g)) {
      range.setStart(node, index)
      range.setEnd(node, index + word.length)
      const lines = new Set([...range.getClientRects()].map((rect) => Math.round(rect.top)))
      if (lines.size < 2 || /[-–—/·@.:]/.test(word)) continue
      let block = box
      while (getComputedStyle(block).display.startsWith('inline') && block.parentElement) block = block.parentElement
      probe.style.font = style.font
      probe.textContent = word
      document.body.append(probe)
      const natural = probe.getBoundingClientRect().width
      probe.remove()
      // On a phone a box has no reason to be narrower than most of the page.
      const room = phone ? Math.max(block.clientWidth, 0.8 * (root.clientWidth - 64)) : block.clientWidth
      if (natural <= room) wrong.push(`broken within a word: ${word} in ${name(box)}`)
    }
  }

  const fixed = (element) => {
    for (let up = element; up; up = up.parentElement) {
      if (/fixed|sticky/.test(getComputedStyle(up).position)) return true
    }
    return false
  }
  const controls = [...document.querySelectorAll('a[href], button, input, select, textarea, summary')].filter(
    (one) => shown(one) && !hidden(one) && !fixed(one),
  )
  const boxes = controls.map((one) => one.getBoundingClientRect())
  for (let i = 0; i < controls.length; i++) {
    for (let j = i + 1; j < controls.length; j++) {
      if (controls[i].contains(controls[j]) || controls[j].contains(controls[i])) continue
      const wide = Math.min(boxes[i].right, boxes[j].right) - Math.max(boxes[i].left, boxes[j].left)
      const high = Math.min(boxes[i].bottom, boxes[j].bottom) - Math.max(boxes[i].top, boxes[j].top)
      if (wide > 1 && high > 1) wrong.push(`${name(controls[i])} and ${name(controls[j])} intersect`)
    }
  }

  // The button beside a chat's field is the chat's, not the page's.
  const primary = [...document.querySelectorAll('main .primary')].filter((one) => shown(one) && !one.closest('[data-testid=chat]'))
  const reached = primary.some((one) => {
    const { top, bottom } = one.getBoundingClientRect()
    return top >= 0 && bottom <= innerHeight
  })
  if (phone && primary.length > 0 && scrollY === 0 && !reached) wrong.push(`below the fold: ${name(primary[0])}`)
  return [...new Set(wrong)]
}

async function look({ page }, { name, app, path, ready, signedIn = true }, language, faults) {
  await page.setViewportSize({ width: 390, height: 844 })
  await page.goto(at(app, path))
  await page.locator(ready).first().waitFor()
  // The way to signing out.
  if (signedIn) await page.locator('header [data-testid=account]').waitFor()
  // Maps and fonts are there, or their places are.
  await page.evaluate(() => document.fonts.ready)
  for (const theme of THEMES) {
    await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' })
    for (const width of WIDTHS) {
      const where = `${name} ${language} ${theme} ${width}`
      await page.setViewportSize({ width, height: width > 640 ? 900 : 844 })
      await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))))
      for (const fault of await page.evaluate(lookAtLayout)) faults.push(`${where}: ${fault}`)
      if (process.env.PICTURES !== 'none') {
        await page.screenshot({ path: join(artifacts, `layout-${name}-${language}-${theme}-${width}.png`), fullPage: true })
      }
    }
    await page.evaluate(axe)
    const { violations } = await page.evaluate(() =>
      window.axe.run(document, { exclude: [['.maplibregl-map']], resultTypes: ['violations'] }),
    )
    for (const { id, nodes } of violations) {
      faults.push(`${name} ${language} ${theme}: axe ${id}: ${nodes.slice(0, 3).map((node) => node.html.slice(0, 120)).join(' | ')}`)
    }
  }
}

/** The story of one language. */
const everyPageIn = (language) => async (come) => {
  const options = {
    locale: language === 'ko' ? 'ko-KR' : 'en-US',
    permissions: ['geolocation'],
    geolocation: { latitude: 37.5, longitude: 127.03 },
    bypassCSP: true, // for axe
  }
  const reader = await come('page', options)
  const { pages, leave } = await everyPage(reader.context, { busy: true })
  const stranger = await come('page', options)
  const guest = await come('page', options)
  const faults = []
  const only = process.env.ONLY?.split(',')
  for (const page of pages) if (!only || only.includes(page.name)) await look(reader, page, language, faults)
  for (const page of [...SIGN_IN, ...EMPTY_GUEST]) if (!only || only.includes(page.name)) await look(stranger, page, language, faults)
  for (const page of await guestPages(guest.context)) if (!only || only.includes(page.name)) await look(guest, page, language, faults)
  await leave()
  assert.deepEqual(faults, [])
}

await tell('Every page is laid out well in Korean', everyPageIn('ko'))
await tell('Every page is laid out well in English', everyPageIn('en'))
