/** Keeps the screen on while something runs, where the browser can. */

/** Holds a wake lock until the returned function is called; a page that comes back takes it again. */
export function keepAwake(): () => void {
  let lock: WakeLockSentinel | null = null
  let over = false
  const take = async () => {
    if (over || document.visibilityState !== 'visible' || !('wakeLock' in navigator)) return
    // Refused with an empty battery: the page works without.
    const taken = await navigator.wakeLock.request('screen').catch(() => null)
    if (over) void taken?.release()
    else lock = taken
  }
  void take()
  document.addEventListener('visibilitychange', take)
  return () => {
    over = true
    document.removeEventListener('visibilitychange', take)
    void lock?.release()
  }
}
