/** What customer, restaurant, courier, support and operators call the same order, as `#K7RT`. */
export function codeOf(order: { code?: string | null; id?: string; order_id?: string | null }): string {
  // A process of the version before has no codes.
  return `#${order.code ?? (order.id ?? order.order_id ?? '').slice(-4).toUpperCase()}`
}
