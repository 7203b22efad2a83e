import { once } from 'node:events';
import { styleText } from 'node:util';
import type { KubernetesObject } from '../manifests/kubernetes-object';
import { dataText, type Format } from './format';
import { type Named, SecretValues } from './secret-values';

/** A stream as far as it is written to. */
export type Sink = Pick<NodeJS.WriteStream, 'write' | 'isTTY' | 'columns' | 'on'>;

/** How a text looks on a terminal. */
export type Style = Parameters<typeof styleText>[0];

/** Where a command speaks: data on one stream, talk on the other, and no value of a Secret on either. */
export class Output {
  private readonly secrets = new SecretValues();
  private readonly unread = new AbortController();

  constructor(
    private readonly stdout: Sink,
    private readonly stderr: Sink,
    private readonly env: NodeJS.ProcessEnv,
  ) {
    // a reader that went away, as in `berth logs | head`: what is under way is finished all the same
    for (const sink of [stdout, stderr])
      sink.on('error', (error: NodeJS.ErrnoException) => {
        if (error.code !== 'EPIPE') throw error;
        if (sink === stdout) this.unread.abort();
      });
  }

  /** Aborted when nobody reads the data any more. */
  get isUnread(): AbortSignal {
    return this.unread.signal;
  }

  /** What was asked for: a plan, a table. */
  data(text: string): void {
    this.shown(this.hidden(text));
  }

  /** The same for machines. Values of Secrets are hidden within its texts: it can be read whatever they are. */
  document(format: Exclude<Format, 'table'>, value: unknown): void {
    this.shown(dataText(format, value, (text) => this.hidden(text)));
  }

  /** Data in which all that must be is {@link hidden} already. */
  shown(text: string): void {
    this.stdout.write(`${text}\n`);
  }

  /** Data of which there may be much: waits while its reader is behind. @param isBytes - whether each character is a byte, whatever they say together */
  async flow(text: string, isBytes = false): Promise<void> {
    if (this.unread.signal.aborted) return;
    const shown = isBytes ? this.secrets.hiddenInBytes(text) : this.secrets.hiddenIn(text);
    if (this.stdout.write(`${shown}\n`, isBytes ? 'latin1' : 'utf8')) return;
    await once(this.stdout as NodeJS.WriteStream, 'drain', { signal: this.unread.signal }).catch(() => undefined);
  }

  /** What goes on meanwhile, and what went wrong. */
  talk(text: string): void {
    this.stderr.write(`${this.secrets.hiddenIn(text)}\n`);
  }

  /** Whether talk goes to a terminal, which can be written over. */
  get isLive(): boolean {
    return this.stderr.isTTY === true && this.env['TERM'] !== 'dumb';
  }

  /** Whether data goes to a terminal. */
  get isTerminal(): boolean {
    return this.stdout.isTTY === true;
  }

  /** A terminal's columns. @default 80 */
  get columns(): number {
    return this.stderr.columns ?? 80;
  }

  /** Writes to the terminal as it is, for what writes over itself. */
  raw(text: string): void {
    this.stderr.write(this.secrets.hiddenIn(text));
  }

  /** A text in a style, where the stream is a terminal and nobody set NO_COLOR. */
  styled(style: Style, text: string, stream: 'data' | 'talk' = 'talk'): string {
    return this.hasColor(stream) ? styleText(style, text, { validateStream: false }) : text;
  }

  /** The values of a Secret are never shown from here on. What any object and its fields are called is, though a value be the same. */
  hide(object: KubernetesObject): void {
    this.secrets.add(object);
  }

  /** What a stack or an object is called is shown, though the value of a Secret be the same. */
  showName(named: Named): void {
    this.secrets.except(named);
  }

  /** A text as it would be shown: for what is written elsewhere. */
  hidden(text: string): string {
    return this.secrets.hiddenIn(text);
  }

  /** https://no-color.org */
  private hasColor(stream: 'data' | 'talk'): boolean {
    const { NO_COLOR = '', FORCE_COLOR = '' } = this.env;
    if (NO_COLOR !== '') return false;
    return FORCE_COLOR !== '' ? FORCE_COLOR !== '0' : (stream === 'data' ? this.stdout : this.stderr).isTTY === true && this.env['TERM'] !== 'dumb';
  }
}
