import type { StoreKind } from './databases';

const kinds: readonly StoreKind[] = ['sqlite', 'postgres'];

/**
 * The stores that a suite runs on: `TEST_STORES`, a list such as `sqlite,postgres`.
 *
 * @default sqlite, which needs nothing but this machine
 * @throws Error for a word that is no store
 */
export function storesUnderTest(): readonly StoreKind[] {
  const words = (process.env['TEST_STORES'] ?? 'sqlite').split(',').map((word) => word.trim());
  const unknown = words.filter((word) => !kinds.includes(word as StoreKind));
  if (unknown.length > 0) throw new Error(`TEST_STORES knows ${kinds.join(' and ')}, not ${unknown.join(', ')}`);
  return words as StoreKind[];
}
