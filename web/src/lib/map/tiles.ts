/** Tiles out of one PMTiles archive, read by ranges. */

import type { VectorSourceSpecification } from 'maplibre-gl'
import type { PMTiles } from 'pmtiles'
import { fontFor } from '../fonts'
import { SCHEME } from './style'

/** The archive whose tiles the maps of this page draw. */
let archive: { address: string; tiles: PMTiles } | null = null

export type Extent = Required<Pick<VectorSourceSpecification, 'minzoom' | 'maxzoom' | 'bounds'>>

/** Opens it: what it holds, once its head is read. */
export async function openArchive(address: string): Promise<Extent> {
  const [{ addProtocol }, { PMTiles, TileType }] = await Promise.all([import('maplibre-gl'), import('pmtiles')])
  if (archive?.address !== address) archive = { address, tiles: new PMTiles(new URL(address, location.href).href) }
  const { tiles } = archive
  const head = await tiles.getHeader().catch((thrown: unknown) => {
    // What failed is kept by the archive: the next attempt begins with a new one.
    archive = null
    throw thrown
  })
  if (head.tileType !== TileType.Mvt) throw new Error('the archive holds no vector tiles')
  addProtocol(SCHEME, async ({ url }, { signal }) => {
    const [z = 0, x = 0, y = 0] = url.slice(`${SCHEME}://`.length).split('/').map(Number)
    const tile = await tiles.getZxy(z, x, y, signal)
    // Where the archive has nothing, nothing is drawn.
    const data = tile?.data ?? new ArrayBuffer(0)
    // A tile is a protocol buffer: its names stand in it as they are.
    await fontFor(() => new TextDecoder().decode(data))
    return { data }
  })
  return { minzoom: head.minZoom, maxzoom: head.maxZoom, bounds: [head.minLon, head.minLat, head.maxLon, head.maxLat] }
}
