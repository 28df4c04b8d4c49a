/** Lists by day. */

/** What belongs under each title, in the order that it came in. */
export function under<T>(items: T[], title: (item: T) => string): [string, T[]][] {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const group = groups.get(title(item))
    if (group) group.push(item)
    else groups.set(title(item), [item])
  }
  return [...groups]
}
