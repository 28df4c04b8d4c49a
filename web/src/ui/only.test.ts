import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const src = new URL('..', import.meta.url).pathname
const files = (folder: string) =>
  readdirSync(join(src, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.svelte'))
    .map((name) => join(folder, name))

/** Elements that people touch: each has a component. */
const RAW = /<(button|input|select|textarea|dialog|table)[\s>]/

describe('the design system', () => {
  it('is all that pages use', () => {
    const raw = ['pages', 'components', 'app', 'apps']
      .flatMap(files)
      .filter((file) => RAW.test(readFileSync(join(src, file), 'utf8').replace(/<!--[\s\S]*?-->/g, '')))
    expect(raw).toEqual([])
  })

  it('leaves plain effects out of pages: one that asks the server would follow what it reads', () => {
    const effects = ['pages', 'apps'].flatMap(files).filter((file) => /\$effect(\.pre)?\(/.test(readFileSync(join(src, file), 'utf8')))
    expect(effects).toEqual([])
  })

  it('is shown whole in its gallery', () => {
    const gallery = readFileSync(join(src, 'ui/Gallery.svelte'), 'utf8')
    // A page and its frame, and what stands inside others.
    const inside = ['Gallery', 'Page', 'Field', 'More']
    const missing = files('ui')
      .map((file) => file.replace(/^ui\/|\.svelte$/g, ''))
      .filter((name) => !inside.includes(name) && !gallery.includes(`<${name}`))
    expect(missing).toEqual([])
  })
})
