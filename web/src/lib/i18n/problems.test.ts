import { describe, expect, it } from 'vitest'
import { FAULTS, PROBLEMS, STATUSES } from './problems'

/** A noun's refusals give their codes in one table; those of none are made where they are needed. */
const CODES = [/=>\s*"([a-z]+\.[a-z_]+)"/g, /Refused::new\(\s*"([a-z_.]+)"/g, /Self::new\("([a-z_]+)", Kind::/g]
const FIELD_CODES = [/code: "([a-z_]+)"/g, /\b(?:field|fault|Fault::new)\([^,]+,\s*"([a-z_]+)"/g]

/** What the server is made of, without its tests. */
const SOURCES = import.meta.glob<string>('../../../../{domain,services,realtime,http}/src/**/*.rs', {
  query: '?raw',
  import: 'default',
  eager: true,
})

function sources(folder: string): string[] {
  return Object.entries(SOURCES)
    .filter(([path]) => path.includes(`/${folder}/src/`) && !path.includes('test'))
    .map(([, text]) => text.split('#[cfg(test)]')[0] ?? '')
}

function found(patterns: RegExp[], texts: string[]): string[] {
  const all = texts.flatMap((text) => patterns.flatMap((pattern) => [...text.matchAll(pattern)].map((match) => match[1] ?? '')))
  return [...new Set(all)].sort()
}

/** The files in which a noun says no. */
const refusing = sources('domain').filter((text) => /impl (\w+::)*Refusal for|impl Refused/.test(text))
const asking = ['services', 'realtime', 'http'].flatMap(sources)

describe('the words of problems', () => {
  it('has words in both languages for every code that the rules know', () => {
    const refusals = refusing.flatMap((text) => text.match(/fn code\(&self\)[^]*?\n {4}\}/g) ?? [])
    const codes = [...found([CODES[0] as RegExp], refusals), ...found(CODES.slice(1), [...refusing, ...asking])]
    expect(codes.length).toBeGreaterThan(50)
    expect(codes.filter((code) => !(code in PROBLEMS))).toEqual([])
  })

  it('has words for what is wrong with a field', () => {
    const codes = found(FIELD_CODES, [...refusing, ...asking])
    expect(codes.length).toBeGreaterThan(8)
    const ofCarts = ['below_minimum', 'not_deliverable', 'slot_out_of_range', 'sold_out', 'gone', 'options_changed', 'price_changed']
    expect(codes.filter((code) => !(code in FAULTS) && !ofCarts.includes(code))).toEqual([])
  })

  it('speaks Korean to Koreans and English to the others', () => {
    for (const [code, [ko, en]] of [PROBLEMS, FAULTS, STATUSES].flatMap((rows) => Object.entries(rows))) {
      expect(ko, code).toMatch(/[가-힣]/)
      expect(en, code).not.toMatch(/[가-힣]/)
    }
  })
})
