/**
 * A small PMTiles archive over the middle of Seoul, as the Protomaps basemap would hold it: a few
 * streets of Gangnam-gu that nobody surveyed. `node e2e/archive.mjs FILE` writes it.
 */

import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { GeoJSONVT } from '@maplibre/geojson-vt'
import { fromGeojsonVt } from '@maplibre/vt-pbf'
import { zxyToTileId } from 'pmtiles'
import { base } from './people.mjs'

/** West, south, east, north. */
const AREA = [126.98, 37.47, 127.09, 37.55]
const ZOOMS = [8, 15]

const feature = (type, coordinates, properties) => ({ type: 'Feature', properties, geometry: { type, coordinates } })
const box = ([west, south, east, north]) => [[[west, south], [east, south], [east, north], [west, north], [west, south]]]
const collection = (features) => ({ type: 'FeatureCollection', features })
const named = (kind, ko, en, more = {}) => ({ kind, name: ko, 'name:en': en, min_zoom: 10, ...more })

/** The features of each layer. */
function layers() {
  const [west, south, east, north] = AREA
  const river = [[west, 37.527], [127.01, 37.523], [127.03, 37.53], [127.06, 37.526], [east, 37.518], [east, 37.53], [127.06, 37.537], [127.03, 37.541], [127.01, 37.535], [west, 37.539], [west, 37.527]]
  const across = (lat, properties) => feature('LineString', [[west, lat - 0.004], [127.03, lat], [east, lat + 0.003]], properties)
  const up = (lon, properties) => feature('LineString', [[lon + 0.004, south], [lon, 37.5], [lon - 0.004, 37.522]], properties)
  const roads = [
    across(37.522, named('highway', '올림픽대로', 'Olympic-daero', { kind_detail: 'trunk' })),
    across(37.5, named('major_road', '테헤란로', 'Teheran-ro', { kind_detail: 'primary' })),
    across(37.486, named('major_road', '남부순환로', 'Nambusunhwan-ro', { kind_detail: 'primary' })),
    across(37.511, named('major_road', '학동로', 'Hakdong-ro', { kind_detail: 'secondary' })),
    up(127.028, named('major_road', '강남대로', 'Gangnam-daero', { kind_detail: 'primary' })),
    up(127.045, named('major_road', '논현로', 'Nonhyeon-ro', { kind_detail: 'secondary' })),
    feature('LineString', [[127.028, 37.5], [127.03, 37.541]], named('highway', '한남대교', 'Hannam Bridge', { kind_detail: 'trunk', is_bridge: true })),
    feature('LineString', [[126.99, 37.48], [127.06, 37.51]], { kind: 'path', kind_detail: 'footway' }),
    feature('LineString', [[127.0, 37.475], [127.08, 37.483]], { kind: 'rail' }),
  ]
  const buildings = []
  for (let column = 0; column < 40; column++) {
    for (let row = 0; row < 12; row++) {
      const lon = 127.012 + column * 0.0013
      const lat = 37.4885 + row * 0.0018
      if (row % 2 === 0 && column === 0) {
        roads.push(across(lat - 0.0004, named('minor_road', `역삼로${row + 1}길`, `Yeoksam-ro ${row + 1}-gil`, { kind_detail: 'residential' })))
      }
      if (row === 0) roads.push(up(lon - 0.00015, { kind: 'minor_road', kind_detail: column % 3 === 0 ? 'residential' : 'service' }))
      const size = 0.0004 + ((column * 7 + row * 3) % 5) * 0.0001
      buildings.push(feature('Polygon', box([lon, lat, lon + size, lat + size]), { kind: 'building', height: 12 }))
      buildings.push(feature('Point', [lon + size / 2, lat + size / 2], { kind: 'address', addr_housenumber: String(row * 40 + column + 1) }))
    }
  }
  return {
    earth: [feature('Polygon', box(AREA), { kind: 'earth' })],
    landuse: [
      feature('Polygon', box([127.052, 37.508, 127.064, 37.516]), { kind: 'park' }),
      feature('Polygon', box([127.0, 37.474, 127.02, 37.482]), { kind: 'wood' }),
      feature('Polygon', box([127.066, 37.493, 127.073, 37.499]), { kind: 'school' }),
    ],
    water: [
      feature('Polygon', [river], { kind: 'river' }),
      feature('LineString', [[west, 37.533], [127.03, 37.536], [east, 37.524]], named('river', '한강', 'Han River')),
    ],
    roads,
    buildings,
    boundaries: [feature('LineString', [[127.018, south], [127.012, 37.5], [127.016, north]], { kind: 'locality', kind_detail: 6 })],
    places: [
      feature('Point', [127.047, 37.507], named('locality', '강남구', 'Gangnam-gu', { kind_detail: 'suburb', population_rank: 9 })),
      feature('Point', [127.037, 37.4955], named('neighbourhood', '역삼동', 'Yeoksam-dong')),
      feature('Point', [127.033, 37.511], named('neighbourhood', '논현동', 'Nonhyeon-dong')),
    ],
    pois: [
      feature('Point', [127.0281, 37.4979], named('station', '강남역', 'Gangnam Station')),
      feature('Point', [127.0364, 37.5006], named('station', '역삼역', 'Yeoksam Station')),
      feature('Point', [127.058, 37.512], named('park', '선정릉', 'Seonjeongneung')),
      feature('Point', [127.0475, 37.4925], named('hospital', '강남세브란스병원', 'Gangnam Severance Hospital', { min_zoom: 14 })),
    ],
  }
}

const column = (lon, zoom) => Math.floor(((lon + 180) / 360) * 2 ** zoom)
const row = (lat, zoom) => {
  const rad = (lat * Math.PI) / 180
  return Math.floor(((1 - Math.asinh(Math.tan(rad)) / Math.PI) / 2) * 2 ** zoom)
}

/** Every tile that has something, by its id. */
function tiles() {
  const indices = Object.entries(layers()).map(([name, features]) => [
    name,
    new GeoJSONVT(collection(features), { maxZoom: ZOOMS[1], indexMaxZoom: 8, extent: 4096, buffer: 64 }),
  ])
  const [west, south, east, north] = AREA
  const found = []
  for (let z = ZOOMS[0]; z <= ZOOMS[1]; z++) {
    for (let x = column(west, z); x <= column(east, z); x++) {
      for (let y = row(north, z); y <= row(south, z); y++) {
        const parts = indices.map(([name, index]) => [name, index.getTile(z, x, y)]).filter(([, tile]) => tile?.features.length > 0)
        if (parts.length > 0) found.push({ id: zxyToTileId(z, x, y), data: gzipSync(fromGeojsonVt(Object.fromEntries(parts), { version: 2, extent: 4096 })) })
      }
    }
  }
  return found.sort((a, b) => a.id - b.id)
}

function varint(number) {
  const bytes = []
  for (; number > 0x7f; number = Math.floor(number / 128)) bytes.push((number % 128) | 0x80)
  return [...bytes, number]
}

/** The archive's bytes (<https://github.com/protomaps/PMTiles/blob/main/spec/v3/spec.md>). */
export function archive() {
  const found = tiles()
  // In the order of their ids and without gaps: only the first one's offset is told.
  const directory = gzipSync(
    Buffer.from([
      ...varint(found.length),
      ...found.flatMap(({ id }, index) => varint(id - (found[index - 1]?.id ?? 0))),
      ...found.flatMap(() => varint(1)),
      ...found.flatMap(({ data }) => varint(data.length)),
      ...found.flatMap((_, index) => varint(index === 0 ? 1 : 0)),
    ]),
  )
  const metadata = gzipSync(JSON.stringify({ name: 'Gangnam-gu, imagined' }))
  const data = Buffer.concat(found.map((tile) => tile.data))
  const head = Buffer.alloc(127)
  head.write('PMTiles\x03', 'latin1')
  const afterHead = head.length + directory.length
  const begin = afterHead + metadata.length
  const count = found.length
  const sizes = [head.length, directory.length, afterHead, metadata.length, begin, 0, begin, data.length, count, count, count]
  sizes.forEach((size, index) => head.writeBigUInt64LE(BigInt(size), 8 + index * 8))
  // Clustered; directories and tiles by gzip; MVT; zoom levels.
  Buffer.from([1, 2, 2, 1, ...ZOOMS]).copy(head, 96)
  AREA.forEach((degrees, index) => head.writeInt32LE(Math.round(degrees * 1e7), 102 + index * 4))
  head.writeUInt8(13, 118)
  head.writeInt32LE(127.035e7, 119)
  head.writeInt32LE(37.5e7, 123)
  return Buffer.concat([head, directory, metadata, data])
}

const PATH = '/map/seoul.pmtiles'

/** Whether the server has streets of its own: then a story takes those. */
export async function hasStreets() {
  return (await (await fetch(`${base}/config.json`)).json()).map === PATH
}

/** The page's server names this map, or none. */
export function nameMap(page, map) {
  return page.route('**/config.json', async (route) => {
    const response = await route.fetch()
    await route.fulfill({ response, json: { ...(await response.json()), map, map_attribution: map && '© OpenStreetMap' } })
  })
}

/**
 * Answers for the gateway, in ranges, as it does where `BAEDAL_MAP` names such a file. What is
 * returned fills with the ranges that are asked for.
 */
export async function serveArchive(page, bytes) {
  const asked = []
  page.on('request', (request) => {
    if (request.url().endsWith(PATH)) asked.push(request.headers().range ?? 'all')
  })
  if (!bytes && (await hasStreets())) return asked
  await nameMap(page, PATH)
  bytes ??= archive()
  await page.route(`**${PATH}`, (route) => {
    const range = /^bytes=(\d+)-(\d+)$/.exec(route.request().headers().range ?? '')
    const first = Number(range?.[1] ?? 0)
    const last = Math.min(Number(range?.[2] ?? bytes.length), bytes.length - 1)
    return route.fulfill({
      status: range ? 206 : 200,
      headers: { 'content-type': 'application/vnd.pmtiles', 'content-range': `bytes ${first}-${last}/${bytes.length}`, etag: '"1"' },
      body: bytes.subarray(first, last + 1),
    })
  })
  return asked
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(process.argv[2], archive())
