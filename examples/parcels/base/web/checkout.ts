import { formatPrice } from "./money";

export function payButton(amount: number): string {
  return `Pay ${formatPrice(amount)}`;
}
