/** What the server's operator chose for the pages (`/config.json`). */

export interface DemoAccount {
  role: string
  email: string
  password: string
}

export interface Config {
  /** A MapLibre style that replaces the base map that comes with the pages. */
  map_style_url: string | null
  /** Raster tiles (`…/{z}/{x}/{y}.png`) under the districts' names. */
  map_tile_url: string | null
  /** The tiles' or the style's attribution, as its terms want it. */
  map_attribution: string | null
  /** Accounts of the demo city; absent elsewhere. */
  demo_accounts: DemoAccount[]
}

const NONE: Config = { map_style_url: null, map_tile_url: null, map_attribution: null, demo_accounts: [] }

/** Read once; the pages work without an answer. */
export const config: Promise<Config> = fetch('/config.json')
  .then(async (response) => (response.ok ? { ...NONE, ...((await response.json()) as Partial<Config>) } : NONE))
  .catch(() => NONE)
