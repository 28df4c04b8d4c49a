/**
 * Tells all stories, in two lanes beside each other; `node e2e/run.mjs door streets` tells these
 * alone. Stories of one lane share the demo city's courier, owner and agent, so they follow one
 * another. Each file takes the same variables: see `story.mjs`.
 */

import { spawn } from 'node:child_process'

/**
 * Idle pages hear of every order and conversation: nobody else may make any meanwhile. Pages that fail
 * are all pages, five times over, each within a time: a second lane would take it from them.
 */
const ALONE = ['idle', 'failures']

const LANES = [
  // Orders that are cooked and delivered.
  ['story', 'door', 'customer', 'backlog', 'board', 'cancellation', 'adjustment', 'shift', 'desk', 'layout'],
  // Pages for themselves.
  [
    'account', 'menu', 'shop', 'search', 'checkout', 'guest', 'live-cart', 'unknown', 'privacy', 'words', 'gallery', 'offline', 'budget', 'streets', 'operator',
    'social', 'security', 'money', 'coupons', 'points',
  ],
]

/** One story; what it says is printed at its end, so that two do not mix. */
function told(story) {
  const began = performance.now()
  const child = spawn(process.execPath, [new URL(`${story}.mjs`, import.meta.url).pathname])
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += text))
  return new Promise((resolve) => {
    child.on('close', (status) => {
      console.log(`${said}  ${story}: ${((performance.now() - began) / 1000).toFixed(0)} s`)
      resolve(status === 0)
    })
  })
}

/** A story that fails is told once more: machines under test stall. That it had to be is said. */
async function follow(lane) {
  for (const story of lane) {
    if (await told(story)) continue
    if (!(await told(story))) return false
    console.log(`  ${story}: only at the second try`)
  }
  return true
}

const chosen = process.argv.slice(2)
const alone = chosen.length > 0 || (await follow(ALONE))
const lanes = chosen.length > 0 ? [chosen] : LANES
const ends = await Promise.all(lanes.map(follow))
process.exitCode = alone && ends.every(Boolean) ? 0 : 1
