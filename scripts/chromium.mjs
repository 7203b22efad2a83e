// One page in headless Chromium, driven by the DevTools protocol over Node's own WebSocket: no package is needed.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

/** The browser's path: `CHROMIUM`, else the first that PATH has; undefined where there is none. */
export function findChromium() {
  const names = process.env.CHROMIUM ? [process.env.CHROMIUM] : ['chromium', 'chromium-browser', 'google-chrome'];
  return names.find((name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0);
}

/** Without its background services: the page's own requests are to be seen, and nothing else is to leave this machine. */
const flags = [
  ...['--headless', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  ...['--disable-default-apps', '--hide-scrollbars', '--window-size=1280,1600', '--remote-debugging-port=0'],
];

/**
 * Opens an empty page and lets some work drive it.
 * @template T
 * @param {string} browser its path
 * @param {(page: Page) => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withPage(browser, work) {
  const profile = mkdtempSync(join(tmpdir(), 'berth-chromium-'));
  // its sandbox refuses root
  const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const child = spawn(browser, [...flags, ...sandbox, `--user-data-dir=${profile}`, 'about:blank'], { stdio: ['ignore', 'ignore', 'pipe'] });
  try {
    const session = await connect(await debuggerAddress(child));
    return await work(new Page(session));
  } finally {
    if (child.exitCode === null) {
      child.kill('SIGKILL');
      await once(child, 'close');
    }
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function debuggerAddress(child) {
  for await (const line of createInterface({ input: child.stderr })) {
    const address = /^DevTools listening on (ws:.*)$/.exec(line)?.[1];
    if (address) return address;
  }
  throw new Error('Chromium ended before it could be driven');
}

/** A session with a new page: numbered commands, their answers, and events. */
async function connect(address) {
  const socket = new WebSocket(address);
  await once(socket, 'open');
  const waiting = new Map();
  const listeners = [];
  socket.addEventListener('message', ({ data }) => {
    const { id, method, params, result, error } = JSON.parse(data);
    if (id === undefined) return listeners.forEach((listener) => listener(method, params));
    const { resolve, reject } = waiting.get(id);
    return error ? reject(new Error(error.message)) : resolve(result);
  });
  let count = 0;
  const send = (method, params = {}, sessionId = undefined) =>
    new Promise((resolve, reject) => {
      waiting.set(++count, { resolve, reject });
      socket.send(JSON.stringify({ id: count, method, params, sessionId }));
    });
  const { targetId } = await send('Target.createTarget', { url: 'about:blank' });
  const { sessionId } = await send('Target.attachToTarget', { targetId, flatten: true });
  return { send: (method, params) => send(method, params, sessionId), onEvent: (listener) => listeners.push(listener) };
}

class Page {
  /** Addresses that the page asked for, `data:` ones aside. */
  requests = [];
  /** Errors and warnings of the console, uncaught exceptions, refused loads and violated policies. */
  complaints = [];

  constructor(session) {
    this.session = session;
    session.onEvent((method, params) => this.#note(method, params));
  }

  #note(method, params) {
    if (method === 'Network.requestWillBeSent' && !params.request.url.startsWith('data:')) this.requests.push(params.request.url);
    if (method === 'Runtime.exceptionThrown')
      this.complaints.push(`exception: ${params.exceptionDetails.exception?.description ?? params.exceptionDetails.text}`);
    if (method === 'Log.entryAdded' && ['error', 'warning'].includes(params.entry.level)) this.complaints.push(`${params.entry.source}: ${params.entry.text}`);
    if (method === 'Runtime.consoleAPICalled' && ['error', 'warning', 'assert'].includes(params.type)) {
      this.complaints.push(`console.${params.type}: ${params.args.map(({ value, description }) => value ?? description).join(' ')}`);
    }
  }

  async open(url) {
    for (const domain of ['Page', 'Runtime', 'Network', 'Log']) await this.session.send(`${domain}.enable`);
    await this.session.send('Page.navigate', { url });
  }

  /** Evaluates an expression in the page. */
  async evaluate(expression) {
    const { result, exceptionDetails } = await this.session.send('Runtime.evaluate', { expression, returnByValue: true, awaitPromise: true });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }

  /**
   * Waits until an expression gives something true.
   * @throws {Error} after `withinMs`, with what the page complained of
   */
  async until(expression, withinMs = 30_000) {
    for (const deadline = Date.now() + withinMs; Date.now() < deadline; await sleep(50)) {
      const value = await this.evaluate(expression);
      if (value) return value;
    }
    throw new Error(`The page did not come to ${expression} within ${withinMs} ms. ${this.complaints.join('; ')}`);
  }

  /** The whole page as PNG. */
  async screenshot() {
    const { data } = await this.session.send('Page.captureScreenshot', { captureBeyondViewport: true });
    return Buffer.from(data, 'base64');
  }
}
