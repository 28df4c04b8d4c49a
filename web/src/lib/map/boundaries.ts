/** Seoul by the boundaries that come with the pages: what a map shows without streets. */

import type { Feature, FeatureCollection, Point, Polygon } from 'geojson'
import type { StyleSpecification } from 'maplibre-gl'
import dongUrl from '../../../../data/seoul/dong.geojson?url'
import guUrl from '../../../../data/seoul/gu.geojson?url'
import { FONTS } from '../fonts'
import { district } from '../place'

interface Named {
  gu: string
  dong?: string
  center: [number, number]
}

export type Areas = FeatureCollection<Polygon, Named>

const loaded = new Map<string, Promise<Areas>>()

function areas(url: string): Promise<Areas> {
  let areas = loaded.get(url)
  if (!areas) {
    areas = fetch(url).then((response) => {
      if (!response.ok) throw new Error(`${url}: ${response.status}`)
      return response.json() as Promise<Areas>
    })
    areas.catch(() => loaded.delete(url))
    loaded.set(url, areas)
  }
  return areas
}

/** The 25 districts. */
export const districts = () => areas(guUrl)
/** The 467 neighbourhoods: eight times as many bytes, wanted only near by. */
export const neighbourhoods = () => areas(dongUrl)

/** The areas' names as points, at the centres that the data gives. */
function labels(areas: Areas): FeatureCollection<Point, { name: string }> {
  const features = areas.features.map(
    (area): Feature<Point, { name: string }> => ({
      type: 'Feature',
      properties: { name: area.properties.dong ?? district(area.properties.gu) },
      geometry: { type: 'Point', coordinates: area.properties.center },
    }),
  )
  return { type: 'FeatureCollection', features }
}

const NONE: Areas = { type: 'FeatureCollection', features: [] }

/** `dong` is `null` while nobody looks near; `tiles` are raster tiles of the operator's choice. */
export function boundaries(gu: Areas, dong: Areas | null, tiles: string | null, dark: boolean): StyleSpecification {
  const paint = dark
    ? { ground: '#111a1c', land: '#1b2628', shade: '#26373a', dong: '#2b393b', gu: '#48605f', soft: '#8ba3a0', name: '#b9cbc9' }
    : { ground: '#dfe9ee', land: '#f7f6f2', shade: '#e2ddcc', dong: '#cfcabb', gu: '#94a5a1', soft: '#5c6966', name: '#52605d' }
  const near = dong ?? NONE
  const name = { 'text-field': ['get', 'name'] as ['get', string], 'text-font': FONTS }
  return {
    version: 8,
    sources: {
      gu: { type: 'geojson', data: gu },
      dong: { type: 'geojson', data: near },
      gu_names: { type: 'geojson', data: labels(gu) },
      dong_names: { type: 'geojson', data: labels(near) },
      ...(tiles ? { tiles: { type: 'raster' as const, tiles: [tiles], tileSize: 256 } } : {}),
    },
    layers: [
      { id: 'ground', type: 'background', paint: { 'background-color': paint.ground } },
      { id: 'land', type: 'fill', source: 'gu', paint: { 'fill-color': paint.land } },
      {
        // Neighbours differ a little, so that the map shows movement also where no line is near.
        id: 'dong_land',
        type: 'fill',
        source: 'dong',
        paint: { 'fill-color': paint.shade, 'fill-opacity': ['*', 0.25, ['%', ['to-number', ['get', 'code']], 4]] },
      },
      ...(tiles ? [{ id: 'tiles', type: 'raster' as const, source: 'tiles' }] : []),
      {
        id: 'dong',
        type: 'line',
        source: 'dong',
        minzoom: 11,
        paint: { 'line-color': paint.dong, 'line-width': 1 },
      },
      {
        id: 'gu',
        type: 'line',
        source: 'gu',
        paint: { 'line-color': paint.gu, 'line-width': ['interpolate', ['linear'], ['zoom'], 9, 0.8, 14, 2.2] },
      },
      {
        id: 'dong_names',
        type: 'symbol',
        source: 'dong_names',
        minzoom: 12.5,
        maxzoom: 14,
        layout: { ...name, 'text-size': 12 },
        paint: { 'text-color': paint.soft, 'text-halo-color': paint.land, 'text-halo-width': 1.4 },
      },
      {
        // Near by, a neighbourhood is larger than the map: its name stands in each part of it.
        id: 'dong_names_near',
        type: 'symbol',
        source: 'dong',
        minzoom: 14,
        layout: { 'text-field': ['get', 'dong'], 'text-font': FONTS, 'text-size': 13 },
        paint: { 'text-color': paint.soft, 'text-halo-color': paint.land, 'text-halo-width': 1.4 },
      },
      {
        id: 'gu_names',
        type: 'symbol',
        source: 'gu_names',
        maxzoom: 14,
        layout: { ...name, 'text-size': 14 },
        paint: { 'text-color': paint.name, 'text-halo-color': paint.land, 'text-halo-width': 1.6 },
      },
    ],
  }
}
