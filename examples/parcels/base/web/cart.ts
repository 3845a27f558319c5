import { formatPrice } from "./money";

export interface Line {
  title: string;
  price: number;
  count: number;
}

export function cartTotal(lines: Line[]): string {
  const total = lines.reduce((sum, line) => sum + line.price * line.count, 0);
  return formatPrice(total);
}
