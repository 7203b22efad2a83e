import { Problem, problems } from '../problem';
import type { ListedRows } from '../store/store';
import type { Answer } from './answer';
import type { PageRequest } from './parameters';

/** One page of a list, ordered by id. */
export interface Page<Item> {
  readonly items: readonly Item[];
  /** Id after which the next page begins; `undefined` on the last one. */
  readonly nextCursor: number | undefined;
}

/** Answers a page: `{items, next_cursor, limit}` and `Link: rel="next"` while there are more. */
export function answerPage<Item>(path: string, query: PageRequest & Readonly<Record<string, unknown>>, { items, nextCursor }: Page<Item>): Answer {
  const body = { items, next_cursor: nextCursor === undefined ? null : String(nextCursor), limit: query.limit };
  return { status: 200, body, ...(nextCursor !== undefined && { headers: { Link: `<${nextUrl(path, query, nextCursor)}>; rel="next"` } }) };
}

/**
 * Cuts a page out of rows that were read with one more than the limit, which tells whether there is a next page. No cursor is given out
 * that a smaller id could still turn up behind: rows beyond the settled ids are the next page's.
 *
 * @throws Problem 503 `overloaded` when that leaves nothing to show but a cursor
 */
export function page<Row extends { readonly id: number }>({ rows, settled }: ListedRows<Row>, limit: number): Page<Row> {
  const items = rows.filter(({ id }) => id <= settled).slice(0, limit);
  if (items.length > 0) return { items, nextCursor: items.length < rows.length ? items.at(-1)?.id : undefined };
  if (rows.length <= limit) return { items: rows, nextCursor: undefined };
  throw new Problem(problems.overloaded, 'Rows with smaller ids are still being written: try again');
}

function nextUrl(path: string, { offset: _offset, ...query }: PageRequest & Readonly<Record<string, unknown>>, cursor: number): string {
  const parameters = Object.entries({ ...query, cursor }).filter(([, value]) => value !== undefined);
  return `${path}?${new URLSearchParams(parameters.map(([name, value]): [string, string] => [name, String(value)])).toString()}`;
}
