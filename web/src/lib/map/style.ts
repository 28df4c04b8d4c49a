/**
 * Streets as they are drawn: a style of our own over vector tiles of the Protomaps basemap, version 4
 * (<https://docs.protomaps.com/basemaps/layers>).
 *
 * It is a ground for markers: few colours, no icons, and names that matter for finding a door.
 */

import type {
  ExpressionSpecification,
  FilterSpecification,
  LayerSpecification,
  StyleSpecification,
  VectorSourceSpecification,
} from 'maplibre-gl'
import type { Code } from '../i18n/index.svelte'
import { FONTS } from '../fonts'

/** What a map follows of the page that it is on. */
export interface Look {
  dark: boolean
  code: Code
}

/** The archive's tiles come by this protocol (`tiles.ts`). */
export const SCHEME = 'streets'
export const SOURCE = 'streets'

const LIGHT = {
  ground: '#dfe9ee', earth: '#f6f4ef', green: '#dcebd3', wood: '#cde2c4', school: '#f0ebdd', hospital: '#f6e6e4',
  industrial: '#ecebe8', sand: '#f3ead0', paved: '#efede8', water: '#b7d8ea', building: '#e6e1d6', buildingEdge: '#d6cfc1',
  road: '#ffffff', casing: '#ddd7ca', major: '#fff3cf', majorCasing: '#e3cf98', highway: '#ffdf9e', highwayCasing: '#dfb567',
  path: '#d8cfbd', rail: '#c3bdb1', boundary: '#b3a9bd', text: '#3e4a47', soft: '#5f6c68', green_text: '#3f6b3c',
  water_text: '#2f6684', station: '#0b7a75', halo: '#fbfaf7',
}

const DARK: typeof LIGHT = {
  ground: '#101a1f', earth: '#1a2223', green: '#1c3026', wood: '#1a3526', school: '#242720', hospital: '#2b2324',
  industrial: '#1f2728', sand: '#2b2a20', paved: '#20292a', water: '#123344', building: '#242e2f', buildingEdge: '#2f3b3c',
  road: '#344143', casing: '#141b1c', major: '#4a4a3a', majorCasing: '#1c211c', highway: '#6a5631', highwayCasing: '#241f14',
  path: '#36413f', rail: '#455053', boundary: '#5b5468', text: '#cfdad7', soft: '#9fb0ac', green_text: '#93c08e',
  water_text: '#8fc3e0', station: '#4fc4bb', halo: '#131a1b',
}

const kind: ExpressionSpecification = ['get', 'kind']
const isKind = (...kinds: string[]): ExpressionSpecification => ['in', kind, ['literal', kinds]]
const detail = (...kinds: string[]): ExpressionSpecification => ['in', ['get', 'kind_detail'], ['literal', kinds]]
const flag = (name: string): ExpressionSpecification => ['to-boolean', ['get', name]]
const all = (...of: ExpressionSpecification[]): FilterSpecification => ['all', ...of] as FilterSpecification

/** Widths or sizes at zoom levels; between them they grow as the streets do. */
function grow(...stops: [zoom: number, size: number][]): ExpressionSpecification {
  return ['interpolate', ['exponential', 1.6], ['zoom'], ...stops.flat()] as unknown as ExpressionSpecification
}

/** A name in the reader's language, or as the place itself writes it. */
export function nameIn(code: Code): ExpressionSpecification {
  return code === 'ko'
    ? ['coalesce', ['get', 'name:ko'], ['get', 'name'], ['get', 'name:en']]
    : ['coalesce', ['get', 'name:en'], ['get', 'name']]
}

type Paints = typeof LIGHT
type Of<T extends LayerSpecification['type']> = Extract<LayerSpecification, { type: T }>
type Rest<T extends LayerSpecification['type']> = Omit<Of<T>, 'id' | 'type' | 'source' | 'source-layer'>

/** A layer of the archive: its name there, a name of its own, and the rest. */
function layer<T extends 'fill' | 'line' | 'circle' | 'symbol'>(type: T, from: string, id: string, rest: Rest<T>): LayerSpecification {
  return { id, type, source: SOURCE, 'source-layer': from, ...rest } as unknown as LayerSpecification
}

function areas(paint: Paints): LayerSpecification[] {
  const landuse = (id: string, color: string, ...kinds: string[]) =>
    layer('fill', 'landuse', id, { filter: isKind(...kinds), paint: { 'fill-color': color } })
  return [
    { id: 'ground', type: 'background', paint: { 'background-color': paint.ground } },
    layer('fill', 'earth', 'earth', { filter: ['==', ['geometry-type'], 'Polygon'], paint: { 'fill-color': paint.earth } }),
    layer('fill', 'landcover', 'landcover', {
      filter: isKind('grassland', 'forest', 'scrub'),
      paint: { 'fill-color': paint.wood, 'fill-opacity': ['interpolate', ['linear'], ['zoom'], 6, 1, 8, 0] },
    }),
    landuse('paved', paint.paved, 'pedestrian', 'platform', 'railway', 'dam', 'pier'),
    landuse('industrial', paint.industrial, 'industrial', 'military', 'naval_base', 'airfield', 'aerodrome'),
    landuse('school', paint.school, 'school', 'university', 'college', 'kindergarten', 'library'),
    landuse('hospital', paint.hospital, 'hospital'),
    landuse('sand', paint.sand, 'beach', 'sand'),
    landuse('green', paint.green, 'park', 'garden', 'grass', 'grassland', 'scrub', 'golf_course', 'cemetery', 'allotments',
      'village_green', 'playground', 'pitch', 'recreation_ground', 'zoo', 'meadow', 'farmland', 'orchard'),
    landuse('wood', paint.wood, 'wood', 'forest', 'nature_reserve', 'national_park', 'protected_area'),
    layer('fill', 'water', 'water', { filter: ['==', ['geometry-type'], 'Polygon'], paint: { 'fill-color': paint.water } }),
    layer('line', 'water', 'streams', {
      minzoom: 11,
      filter: all(['==', ['geometry-type'], 'LineString'], isKind('river', 'stream', 'canal')),
      paint: { 'line-color': paint.water, 'line-width': grow([11, 0.6], [18, 7]) },
    }),
    layer('fill', 'buildings', 'buildings', {
      minzoom: 13.5,
      filter: isKind('building', 'building_part'),
      paint: {
        'fill-color': paint.building,
        'fill-outline-color': paint.buildingEdge,
        'fill-opacity': ['interpolate', ['linear'], ['zoom'], 13.5, 0, 15, 1],
      },
    }),
  ]
}

/** From the smallest to the largest, each on its casing, so that crossings look as they are. */
function roads(paint: Paints): LayerSpecification[] {
  const classes = [
    { id: 'minor', is: all(isKind('minor_road'), ['!', detail('service')]), from: 11.5, color: paint.road, casing: paint.casing, widths: [[11.5, 0.3], [14, 2], [18, 14]] },
    { id: 'service', is: all(isKind('minor_road'), detail('service')), from: 14, color: paint.road, casing: paint.casing, widths: [[14, 0.5], [18, 7]] },
    { id: 'medium', is: all(isKind('major_road'), ['!', detail('trunk', 'primary')]), from: 9, color: paint.road, casing: paint.casing, widths: [[9, 0.5], [14, 3.2], [18, 18]] },
    { id: 'major', is: all(isKind('major_road'), detail('trunk', 'primary')), from: 7, color: paint.major, casing: paint.majorCasing, widths: [[7, 0.5], [12, 2], [14, 4.4], [18, 22]] },
    { id: 'highway', is: all(isKind('highway')), from: 5, color: paint.highway, casing: paint.highwayCasing, widths: [[5, 0.5], [12, 2.4], [14, 5], [18, 24]] },
  ] satisfies { id: string; is: FilterSpecification; from: number; color: string; casing: string; widths: [number, number][] }[]
  const lines = { 'line-cap': 'round', 'line-join': 'round' } as const
  const tunnel = ['case', flag('is_tunnel'), 0.45, 1] as ExpressionSpecification
  return [
    layer('line', 'roads', 'paths', {
      minzoom: 14,
      filter: isKind('path'),
      paint: { 'line-color': paint.path, 'line-width': grow([14, 0.6], [18, 3]), 'line-dasharray': [2, 1] },
    }),
    layer('line', 'roads', 'rails', {
      minzoom: 10,
      filter: all(isKind('rail'), ['!', flag('is_tunnel')]),
      paint: { 'line-color': paint.rail, 'line-width': grow([10, 0.5], [18, 3]) },
    }),
    ...classes.map(({ id, is, from, casing, widths }) =>
      layer('line', 'roads', `${id}_casing`, {
        minzoom: Math.max(from, 10),
        filter: is,
        layout: { 'line-join': 'round' },
        paint: {
          'line-color': casing,
          'line-width': grow(...widths.map(([zoom, width]): [number, number] => [zoom, width + (zoom < 13 ? 0.8 : 2)])),
          'line-opacity': tunnel,
        },
      }),
    ),
    ...classes.map(({ id, is, from, color, widths }) =>
      layer('line', 'roads', id, {
        minzoom: from,
        filter: is,
        layout: lines,
        paint: { 'line-color': color, 'line-width': grow(...widths), 'line-opacity': tunnel },
      }),
    ),
    layer('line', 'boundaries', 'boundaries', {
      paint: { 'line-color': paint.boundary, 'line-width': ['interpolate', ['linear'], ['zoom'], 6, 0.6, 14, 1.6], 'line-dasharray': [3, 2] },
    }),
  ]
}

function names(paint: Paints, code: Code): LayerSpecification[] {
  const text = { 'text-field': nameIn(code), 'text-font': FONTS }
  const ink = (color: string, width = 1.4) => ({ 'text-color': color, 'text-halo-color': paint.halo, 'text-halo-width': width })
  const due: ExpressionSpecification = ['>=', ['zoom'], ['+', ['coalesce', ['get', 'min_zoom'], 0], 0]]
  const along = { ...text, 'symbol-placement': 'line' as const, 'text-max-angle': 30, 'symbol-spacing': 320 }
  return [
    layer('symbol', 'water', 'water_names', {
      minzoom: 11,
      filter: all(['==', ['geometry-type'], 'LineString'], isKind('river', 'canal', 'stream')),
      layout: { ...along, 'text-size': 12, 'text-letter-spacing': 0.12 },
      paint: ink(paint.water_text),
    }),
    layer('symbol', 'water', 'lake_names', {
      minzoom: 12,
      filter: all(['==', ['geometry-type'], 'Point'], due),
      layout: { ...text, 'text-size': 12, 'text-max-width': 7 },
      paint: ink(paint.water_text),
    }),
    layer('symbol', 'roads', 'minor_names', {
      minzoom: 15,
      filter: isKind('minor_road', 'path'),
      layout: { ...along, 'text-size': 11 },
      paint: ink(paint.soft),
    }),
    layer('symbol', 'roads', 'major_names', {
      minzoom: 12,
      filter: isKind('major_road', 'highway'),
      layout: { ...along, 'text-size': ['interpolate', ['linear'], ['zoom'], 12, 11, 16, 13] },
      paint: ink(paint.text, 1.8),
    }),
    layer('symbol', 'buildings', 'numbers', {
      minzoom: 17,
      filter: isKind('address'),
      layout: { 'text-field': ['get', 'addr_housenumber'], 'text-font': FONTS, 'text-size': 11 },
      paint: ink(paint.soft),
    }),
    layer('symbol', 'pois', 'pois', {
      minzoom: 15,
      filter: all(isKind('hospital', 'university', 'college', 'school', 'library', 'museum', 'townhall', 'post_office', 'police', 'marketplace', 'stadium', 'hotel'), due),
      layout: { ...text, 'text-size': 11.5, 'text-max-width': 8 },
      paint: ink(paint.soft),
    }),
    layer('symbol', 'pois', 'parks', {
      minzoom: 13,
      filter: all(isKind('park', 'garden', 'forest', 'zoo', 'golf_course', 'cemetery', 'peak'), due),
      layout: { ...text, 'text-size': 11.5, 'text-max-width': 8 },
      paint: ink(paint.green_text),
    }),
    layer('circle', 'pois', 'station_dots', {
      minzoom: 13,
      filter: isKind('station'),
      paint: { 'circle-radius': grow([13, 2.6], [18, 6]), 'circle-color': paint.station, 'circle-stroke-color': paint.halo, 'circle-stroke-width': 1.5 },
    }),
    layer('symbol', 'pois', 'stations', {
      minzoom: 13,
      filter: isKind('station'),
      layout: { ...text, 'text-size': 12, 'text-anchor': 'top', 'text-offset': [0, 0.5], 'text-max-width': 8 },
      paint: ink(paint.station, 1.8),
    }),
    layer('symbol', 'places', 'neighbourhoods', {
      minzoom: 12,
      maxzoom: 17,
      filter: isKind('neighbourhood', 'macrohood'),
      layout: { ...text, 'text-size': ['interpolate', ['linear'], ['zoom'], 12, 12, 16, 15], 'text-max-width': 7 },
      paint: ink(paint.soft, 1.8),
    }),
    layer('symbol', 'places', 'localities', {
      maxzoom: 15,
      filter: isKind('locality', 'region'),
      layout: {
        ...text,
        'text-size': ['interpolate', ['linear'], ['zoom'], 8, ['case', detail('city'), 15, 11.5], 13, ['case', detail('city'), 19, 15]],
        'symbol-sort-key': ['-', 0, ['to-number', ['get', 'population_rank'], 0]],
        'text-max-width': 8,
      },
      paint: ink(paint.text, 2),
    }),
  ]
}

/** `tiles` says which zoom levels and what area the archive holds. */
export function streets(tiles: Pick<VectorSourceSpecification, 'minzoom' | 'maxzoom' | 'bounds'>, look: Look): StyleSpecification {
  const paint = look.dark ? DARK : LIGHT
  return {
    version: 8,
    sources: { [SOURCE]: { type: 'vector', tiles: [`${SCHEME}://{z}/{x}/{y}`], ...tiles } },
    layers: [...areas(paint), ...roads(paint), ...names(paint, look.code)],
  }
}
