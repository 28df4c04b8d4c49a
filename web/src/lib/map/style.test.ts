import { createExpression, validateStyleMin } from '@maplibre/maplibre-gl-style-spec'
import type { FeatureCollection, Polygon } from 'geojson'
import { describe, expect, it } from 'vitest'
import { type Areas, boundaries } from './boundaries'
import { nameIn, streets } from './style'

const EXTENT = { minzoom: 0, maxzoom: 15, bounds: [126.7, 37.4, 127.2, 37.7] as [number, number, number, number] }
const LOOKS = (['ko', 'en'] as const).flatMap((code) => [true, false].map((dark) => ({ code, dark })))
const area: Areas = { type: 'FeatureCollection', features: [] } satisfies FeatureCollection<Polygon>

function named(code: 'ko' | 'en', properties: Record<string, string>): unknown {
  const made = createExpression(nameIn(code) as unknown[], 'layers[0].layout.text-field')
  if (made.result === 'error') throw new Error(made.value[0]?.message)
  return made.value.evaluate({ zoom: 14 }, { type: 1, properties, geometry: [] } as never)
}

describe('the style of the streets', () => {
  it('is valid in both themes and languages', () => {
    for (const look of LOOKS) expect(validateStyleMin(streets(EXTENT, look) as never), JSON.stringify(look)).toEqual([])
    for (const dark of [true, false]) expect(validateStyleMin(boundaries(area, area, null, dark) as never)).toEqual([])
  })

  it('differs by theme in colours alone, and by language in names alone', () => {
    const [dark, light] = LOOKS.map((look) => streets(EXTENT, look))
    const shapes = (style: typeof dark) => style?.layers.map(({ id, type, ...rest }) => [id, type, 'filter' in rest && rest.filter])
    expect(shapes(dark)).toEqual(shapes(light))
    expect(dark?.layers).not.toEqual(light?.layers)
    const paints = (code: 'ko' | 'en') => streets(EXTENT, { code, dark: false }).layers.map((layer) => layer.paint)
    expect(paints('ko')).toEqual(paints('en'))
  })

  it('names places in the reader’s language, or as they call themselves', () => {
    const river = { name: '한강', 'name:en': 'Han River' }
    expect([named('ko', river), named('en', river)]).toEqual(['한강', 'Han River'])
    expect([named('ko', { name: '테헤란로' }), named('en', { name: '테헤란로' })]).toEqual(['테헤란로', '테헤란로'])
    expect(named('ko', { name: 'Itaewon', 'name:ko': '이태원' })).toBe('이태원')
  })
})
