import { PassThrough } from 'node:stream';
import type { IncomingMessage } from 'node:http';
import { Problem } from '../problem';
import { readJsonBody } from './json-body';

async function statusFor(contentType: string): Promise<number> {
  const body = new PassThrough();
  body.end('{}');
  try {
    await readJsonBody(Object.assign(body, { headers: { 'content-type': contentType }, complete: true }) as unknown as IncomingMessage);
    return 200;
  } catch (error) {
    if (error instanceof Problem) return error.type.status;
    throw error;
  }
}

describe('the content type of a body', () => {
  it.each([
    'application/json',
    'Application/JSON',
    'application/json;',
    'application/json ; ; ',
    'application/json; charset=utf-8',
    'application/json;charset="UTF-8";',
    'application/json; foo=bar',
    'application/json; foo="a; b \\" c"; charset=utf8',
    'application/json; profile=x; charset=UTF-8; foo=bar',
  ])('may be %s', async (type) => {
    expect(await statusFor(type)).toBe(200);
  });

  it.each([
    '',
    'text/json',
    'application/jsonp',
    'application/json, text/html',
    'application/json; charset',
    'application/json; charset=',
    'application/json; charset=utf-16',
    'application/json; foo=bar; charset=latin1',
    'application/json; charset=utf-8; charset=utf-16',
    'application/json; foo="bar',
    'application/json foo=bar',
  ])('may not be %s', async (type) => {
    expect(await statusFor(type)).toBe(415);
  });

  it.each([' ', ';', '; ', ';a=b', 'a=b;', '"'])('is looked at in a time that grows with its length: 16 KiB of %j take less than 50 ms', async (piece) => {
    const startedAt = performance.now();
    await statusFor(`application/json${piece.repeat((16 * 1024) / piece.length)}x x`);
    expect(performance.now() - startedAt).toBeLessThan(50);
  });
});
