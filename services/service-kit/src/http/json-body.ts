import type { IncomingMessage } from 'node:http';
import { Problem, problems } from '../problem';

/** Longest request body in bytes. */
export const bodyLimitBytes = 32 * 1024;

/** Deepest nesting of arrays and objects in a request body. */
export const bodyDepthLimit = 16;

/**
 * Reads a request's JSON body.
 *
 * @throws Problem 415 when it isn't declared as uncompressed JSON in UTF-8, 413 over {@link bodyLimitBytes}, 400 when it is empty,
 * not UTF-8, not JSON, nested deeper than {@link bodyDepthLimit} or cut off
 */
export async function readJsonBody(request: IncomingMessage): Promise<unknown> {
  assertJson(request);
  const bytes = await readBytes(request);
  if (bytes.length === 0) throw new Problem(problems.malformedJson, 'The request has no body: send a JSON object');
  return parse(bytes);
}

function assertJson({ headers }: IncomingMessage): void {
  const type = headers['content-type'] ?? '';
  if (type !== 'application/json' && !isJsonInUtf8(type)) {
    throw new Problem(problems.unsupportedMediaType, 'The body must be declared as Content-Type: application/json (UTF-8)', {
      headers: { Accept: 'application/json' },
    });
  }
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    throw new Problem(problems.unsupportedMediaType, 'A compressed body is not accepted: leave Content-Encoding out', {
      headers: { 'Accept-Encoding': 'identity' },
    });
  }
}

// RFC 9110 sections 5.6.6 and 8.3: parameters, empty ones too; each part is told from the next by its first letter, so that matching is linear.
const parameter = String.raw`([!#$%&'*+.^_\x60|~\w-]+)=([!#$%&'*+.^_\x60|~\w-]+|"(?:[^"\\]|\\.)*")`;
const jsonPattern = new RegExp(String.raw`^application/json[ \t]*(?:;[ \t]*(?:${parameter}[ \t]*)?)*$`, 'i');
const parameterPattern = new RegExp(`;[ \\t]*${parameter}`, 'g');

/** Parameters change nothing about JSON (RFC 8259 section 11), but for a charset that says that it is written otherwise. */
function isJsonInUtf8(type: string): boolean {
  if (!jsonPattern.test(type)) return false;
  const charsets = [...type.matchAll(parameterPattern)].filter(([, name]) => name!.toLowerCase() === 'charset');
  return charsets.every(([, , value]) => /^"?utf-?8"?$/i.test(value!));
}

function readBytes(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const stop = (problem: Problem) => {
      request.off('data', onData);
      request.resume();
      reject(problem);
    };
    const onData = (chunk: Buffer) => {
      length += chunk.length;
      if (length > bodyLimitBytes) stop(tooLarge());
      else chunks.push(chunk);
    };
    if (Number(request.headers['content-length'] ?? 0) > bodyLimitBytes) {
      stop(tooLarge());
      return;
    }
    request.on('data', onData);
    request.once('end', () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, length)));
    request.once('error', (cause) => reject(new Problem(problems.malformedRequest, 'The body was cut off', { cause })));
    request.once('close', () => {
      if (!request.complete) reject(new Problem(problems.malformedRequest, 'The body was cut off'));
    });
  });
}

/** The rest of the body is not worth reading: the connection closes after the answer. */
function tooLarge(): Problem {
  return new Problem(problems.contentTooLarge, `The body may have at most ${bodyLimitBytes} bytes`, { headers: { Connection: 'close' } });
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function parse(bytes: Buffer): unknown {
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch (cause) {
    throw new Problem(problems.malformedJson, 'The body is not UTF-8', { cause });
  }
  if (isNestedDeeperThan(bodyDepthLimit, text)) {
    throw new Problem(problems.malformedJson, `The body is nested deeper than ${bodyDepthLimit} levels`);
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Problem(problems.malformedJson, 'The body is not well-formed JSON', { cause });
  }
}

/** Counts brackets outside strings; on text that isn't JSON the count is meaningless and the parser refuses it anyway. */
function isNestedDeeperThan(limit: number, text: string): boolean {
  let depth = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === quote) inString = !inString;
    else if (inString) {
      if (code === backslash) i++;
    } else if (code === openBrace || code === openBracket) {
      if (++depth > limit) return true;
    } else if (code === closeBrace || code === closeBracket) depth--;
  }
  return false;
}

const [quote, backslash, openBrace, openBracket, closeBrace, closeBracket] = [0x22, 0x5c, 0x7b, 0x5b, 0x7d, 0x5d];
