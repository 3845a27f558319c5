/** Prices as the shop shows them. */
export function formatPrice(amount: number): string {
  return amount.toFixed(2) + " €";
}
