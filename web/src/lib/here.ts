/** Where this device is, asked once. */

import type { LatLon } from './api/types'
import { Problem } from './problem'

/** How long a device may measure, in milliseconds. */
const MEASURES_MS = 10_000

/** The device's position; the problem says whether it may be asked at all. */
export function here(): Promise<LatLon> {
  return new Promise((resolve, reject) => {
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => resolve({ lat: coords.latitude, lon: coords.longitude }),
      ({ code, PERMISSION_DENIED }) =>
        reject(new Problem({ type: code === PERMISSION_DENIED ? 'client.location_denied' : 'client.geolocation' })),
      { enableHighAccuracy: true, timeout: MEASURES_MS },
    )
  })
}
