/**
 * The map: MapLibre over streets out of one file, or over the boundaries of Seoul.
 *
 * What it is drawn from, in this order:
 * 1. the style that the operator named (`map_style_url`), which follows no theme of ours;
 * 2. the archive of streets (`map`);
 * 3. the boundaries that come with the pages, also where the archive cannot be read.
 *
 * A map follows theme and language by a change of its style in place: sources and layers that a
 * page added stay.
 */

import type { Map as MapLibreMap, StyleSpecification } from 'maplibre-gl'
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?url'
import type { LatLon } from './api/types'
import { type Config, settings } from './config'
import { fontFor } from './fonts'
import { w } from './i18n/index.svelte'
import { type Areas, boundaries, districts, neighbourhoods } from './map/boundaries'
import { type Look, SOURCE, streets } from './map/style'
import { openArchive } from './map/tiles'

export type { Look } from './map/style'

/** The terms of the boundary data want this shown, in these words. */
export const ATTRIBUTION = '국토지리정보원(NGII) 공간정보 공동활용'
/** What OpenStreetMap's licence wants shown where its data are. */
const STREETS_ATTRIBUTION = '© OpenStreetMap'

export const SEOUL: LatLon = { lat: 37.5502, lon: 126.982 }

/** From here on the neighbourhoods can be told apart. */
const NEAR_ZOOM = 10.5

/** A map with what it stands on. */
export interface Chart {
  map: MapLibreMap
  base: 'style' | 'streets' | 'boundaries'
  /** The line under it, as the terms of what it shows want. */
  credit: string
  /** Follows the page's theme and language. */
  wear(look: Look): void
  /** Asks again for tiles that did not come. */
  refresh(): void
}

interface Base {
  kind: Chart['base']
  credit: string
  style(look: Look): StyleSpecification | string
}

/** A map in `container`; its base is drawn after its `load`. */
export async function makeMap(container: HTMLElement, at: LatLon, zoom: number, look: Look): Promise<Chart> {
  let dong: Areas | null = null
  const [maplibre, base] = await Promise.all([
    import('maplibre-gl'),
    findBase(() => dong),
    import('maplibre-gl/dist/maplibre-gl.css'),
  ])
  maplibre.setWorkerUrl(workerUrl)
  const first = base.style(look)
  let worn = JSON.stringify(look)
  let drawn = false
  let own = layersOf(first)
  let now = look
  const map = new maplibre.Map({
    container,
    style: first,
    center: [at.lon, at.lat],
    zoom,
    minZoom: 8,
    maxZoom: 19,
    attributionControl: false,
    dragRotate: false,
    pitchWithRotate: false,
    // One finger scrolls the page on a phone, two move the map.
    cooperativeGestures: matchMedia('(pointer: coarse)').matches,
    locale: {
      'Map.Title': w().map.title,
      'CooperativeGesturesHandler.MobileHelpText': w().map.twoFingers,
    },
  })
  map.touchZoomRotate.disableRotation()
  map.once('style.load', () => {
    drawn = true
    if (worn !== JSON.stringify(look)) redraw()
  })

  function redraw(): void {
    const style = base.style(now)
    // A style of the operator's is one for all.
    if (typeof style === 'string') return
    const replaced = own
    own = layersOf(style)
    map.setStyle(style, {
      transformStyle: (before, next) => ({
        ...next,
        sources: { ...before?.sources, ...next.sources },
        layers: [...next.layers, ...(before?.layers ?? []).filter((layer) => !replaced.has(layer.id))],
      }),
    })
  }

  if (base.kind === 'boundaries') {
    const near = () => {
      if (map.getZoom() < NEAR_ZOOM) return
      map.off('zoomend', near)
      void neighbourhoods().then(
        (areas) => {
          dong = areas
          if (map.getContainer().isConnected) redraw()
        },
        // The districts are enough; the next movement asks again.
        () => map.on('zoomend', near),
      )
    }
    map.on('zoomend', near)
    map.once('load', near)
  }

  return {
    map,
    base: base.kind,
    credit: base.credit,
    wear(look) {
      const next = JSON.stringify(look)
      if (next === worn) return
      worn = next
      now = look
      if (drawn) redraw()
    },
    refresh: () => {
      if (map.getSource(SOURCE)) map.refreshTiles(SOURCE)
    },
  }
}

function layersOf(style: StyleSpecification | string): Set<string> {
  return new Set(typeof style === 'string' ? [] : style.layers.map((layer) => layer.id))
}

async function findBase(dong: () => Areas | null): Promise<Base> {
  const chosen: Config = await settings()
  const credits = (own: string | null) => [own, chosen.map_attribution].filter(Boolean).join(' · ')
  const { map_style_url: style, map: archive } = chosen
  if (style) return { kind: 'style', credit: credits(null), style: () => style }
  if (archive) {
    try {
      const extent = await openArchive(archive)
      return {
        kind: 'streets',
        credit: chosen.map_attribution ?? STREETS_ATTRIBUTION,
        style: (look) => streets(extent, look),
      }
    } catch (thrown) {
      console.warn('The map of streets cannot be read:', thrown)
    }
  }
  const gu = await districts()
  await fontFor(() => gu.features.map((feature) => feature.properties.gu).join(''))
  return {
    kind: 'boundaries',
    credit: archive ? ATTRIBUTION : credits(ATTRIBUTION),
    style: (look) => boundaries(gu, dong(), chosen.map_tile_url, look.dark),
  }
}
