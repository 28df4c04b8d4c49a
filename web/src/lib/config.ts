/** What the server's operator chose for the pages (`/config.json`). */

export interface DemoAccount {
  role: string
  email: string
  password: string
}

export interface Config {
  /** The archive of streets (PMTiles): a path of ours, or an address. */
  map: string | null
  /** A MapLibre style that replaces the base map that comes with the pages. */
  map_style_url: string | null
  /** Raster tiles (`…/{z}/{x}/{y}.png`) under the districts' names. */
  map_tile_url: string | null
  /** The tiles' or the style's attribution, as its terms want it. */
  map_attribution: string | null
  /** Accounts of the demo city; absent elsewhere. */
  demo_accounts: DemoAccount[]
  /** Where the sandbox shows the mail and text messages that it sent; absent elsewhere. */
  mailbox_url: string | null
}

const NONE: Config = {
  map: null,
  map_style_url: null,
  map_tile_url: null,
  map_attribution: null,
  demo_accounts: [],
  mailbox_url: null,
}

let known: Promise<Config> | undefined

/** Read once, as soon as there is an answer; the pages work without one. */
export function settings(): Promise<Config> {
  known ??= fetch('/config.json').then(async (response) => {
    if (!response.ok) throw new Error(`/config.json: ${response.status}`)
    return { ...NONE, ...((await response.json()) as Partial<Config>) }
  })
  return known.catch(() => {
    known = undefined
    return NONE
  })
}

export const config: Promise<Config> = settings()
