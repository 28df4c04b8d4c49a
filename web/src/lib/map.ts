/**
 * The map: MapLibre with the boundaries of Seoul as its base.
 *
 * Nothing comes from another host unless `/config.json` names a style or tiles.
 */

import type { Feature, FeatureCollection, Point, Polygon } from 'geojson'
import type { Map as MapLibreMap, StyleSpecification } from 'maplibre-gl'
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?url'
import dongUrl from '../../../data/seoul/dong.geojson?url'
import guUrl from '../../../data/seoul/gu.geojson?url'
import type { LatLon } from './api/types'
import { type Config, config } from './config'
import { district } from './place'

/** The terms of the boundary data want this shown, in these words. */
export const ATTRIBUTION = '국토지리정보원(NGII) 공간정보 공동활용'

export const SEOUL: LatLon = { lat: 37.5502, lon: 126.982 }

const FONT = 'Noto Sans KR Variable'
const SYSTEM_FONTS = '"Apple SD Gothic Neo", "Malgun Gothic", "Noto Sans KR", "Noto Sans CJK KR"'

interface Named {
  gu: string
  dong?: string
  center: [number, number]
}

type Areas = FeatureCollection<Polygon, Named>

/** A map in `container`, ready to be drawn on. */
export async function makeMap(container: HTMLElement, at: LatLon, zoom: number): Promise<MapLibreMap> {
  const [maplibre, settings, gu, dong] = await Promise.all([
    import('maplibre-gl'),
    config,
    areas(guUrl),
    areas(dongUrl),
    import('maplibre-gl/dist/maplibre-gl.css'),
  ])
  await labelFont(gu)
  maplibre.setWorkerUrl(workerUrl)
  return new maplibre.Map({
    container,
    style: settings.map_style_url ?? boundaries(gu, dong, settings),
    center: [at.lon, at.lat],
    zoom,
    minZoom: 8,
    attributionControl: false,
    localIdeographFontFamily: `${SYSTEM_FONTS}, "${FONT}", sans-serif`,
    dragRotate: false,
    pitchWithRotate: false,
    // One finger scrolls the page on a phone, two move the map.
    cooperativeGestures: matchMedia('(pointer: coarse)').matches,
  })
}

/** The attribution line under a map. */
export async function attribution(): Promise<string> {
  const settings = await config
  const own = settings.map_style_url ? null : ATTRIBUTION
  return [own, settings.map_attribution].filter(Boolean).join(' · ')
}

const loaded = new Map<string, Promise<Areas>>()

function areas(url: string): Promise<Areas> {
  let areas = loaded.get(url)
  if (!areas) {
    areas = fetch(url).then((response) => response.json() as Promise<Areas>)
    loaded.set(url, areas)
  }
  return areas
}

/**
 * Labels are drawn on a canvas, which does not wait for a font. Devices with Korean
 * fonts need none; the others fetch the syllables of the districts' names.
 */
async function labelFont(gu: Areas): Promise<void> {
  const names = gu.features.map((feature) => feature.properties.gu).join('')
  const late = new Promise((resolve) => setTimeout(resolve, 3_000))
  await Promise.race([document.fonts.load(`500 16px "${FONT}"`, names), late]).catch(() => undefined)
}

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

function boundaries(gu: Areas, dong: Areas, settings: Config): StyleSpecification {
  const dark = matchMedia('(prefers-color-scheme: dark)').matches
  const paint = dark
    ? { ground: '#111a1c', land: '#1b2628', shade: '#26373a', dong: '#2b393b', gu: '#48605f', soft: '#7f9694', name: '#b9cbc9' }
    : { ground: '#dfe9ee', land: '#f7f6f2', shade: '#e2ddcc', dong: '#cfcabb', gu: '#94a5a1', soft: '#6b7875', name: '#5b6866' }
  const tiles = settings.map_tile_url
  const name = { 'text-field': ['get', 'name'] as ['get', string], 'text-font': [FONT] }
  return {
    version: 8,
    sources: {
      gu: { type: 'geojson', data: gu },
      dong: { type: 'geojson', data: dong },
      gu_names: { type: 'geojson', data: labels(gu) },
      dong_names: { type: 'geojson', data: labels(dong) },
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
        layout: { 'text-field': ['get', 'dong'], 'text-font': [FONT], 'text-size': 13 },
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
