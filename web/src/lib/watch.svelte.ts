/** Side effects of a value. */

import { untrack } from 'svelte'

/**
 * Runs `work` now and at each change of the value of `of`, after the clean-up that the last run
 * returned.
 *
 * Only `of` is tracked; state that `work` reads is not. In a plain effect, work that calls the
 * server and writes state that it also reads would run itself again without end.
 */
export function watch<T>(of: () => T, work: (value: T) => void | (() => void)): void {
  const value = $derived(of())
  $effect(() => {
    const now = value
    return untrack(() => work(now))
  })
}
