import { formatPrice } from "./money";

export function payButton(amount: number, currency: string): string {
  return `Pay ${formatPrice(amount, currency)}`;
}
