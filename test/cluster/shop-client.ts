/** A user or an order as the API gives it. */
export interface Created {
  readonly id: number;
  readonly [member: string]: unknown;
}

/** Makes a user or an order. @throws Error when it is answered with anything but 201 */
export async function create(url: string, body: unknown): Promise<Created> {
  const answer = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  return parsed(url, answer, 201);
}

/** Reads one. @throws Error when it is answered with anything but 200 */
export async function read(url: string): Promise<Created> {
  return parsed(url, await fetch(url), 200);
}

async function parsed(url: string, answer: Response, wanted: number): Promise<Created> {
  const text = await answer.text();
  if (answer.status !== wanted) throw new Error(`${url} was answered ${answer.status}: ${text}`);
  return JSON.parse(text) as Created;
}
