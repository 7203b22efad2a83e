import { CommandError, exitCodes } from '../exit-codes';

/** A fault in one field. https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/ */
export interface Cause {
  readonly reason?: string;
  readonly field?: string;
  readonly message?: string;
}

interface Status {
  readonly kind?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly details?: { readonly causes?: readonly Cause[]; readonly retryAfterSeconds?: number };
}

/** The API server said no. */
export class ApiError extends CommandError {
  override readonly name = 'ApiError';

  constructor(
    /** The status of HTTP. */
    readonly code: number,
    /** Kubernetes' word for it, such as `NotFound`; empty when it said none. */
    readonly reason: string,
    message: string,
    readonly causes: readonly Cause[] = [],
    /** Milliseconds after which the server wants to be asked again. */
    readonly retryAfterMs?: number,
    /** The server's clock, in milliseconds since 1970, to the second. */
    readonly serverTime = Date.now(),
    /** What was answered, where that is no word of the API server's own: of what it passes requests on to. */
    readonly body?: string,
  ) {
    super(message, exitCodes.failed);
  }

  /** Reads an error's body: a `Status`, or whatever a proxy said. */
  static of(code: number, text: string, retryAfter: string | undefined, serverTime?: number): ApiError {
    const status = statusOf(text);
    const seconds = status?.details?.retryAfterSeconds ?? (/^\d+$/.test(retryAfter ?? '') ? Number(retryAfter) : undefined);
    const message = status?.message ?? `the server answered ${code}: ${text.slice(0, 200).trim() || 'nothing more'}`;
    return new ApiError(
      code,
      status?.reason ?? '',
      message,
      status?.details?.causes,
      seconds === undefined ? undefined : Math.min(seconds, 10) * 1000,
      serverTime,
      status === undefined ? text : undefined,
    );
  }

  /** Whether the same may succeed later: the server is overloaded, starts, or can't reach etcd. */
  get isPassing(): boolean {
    return this.code === 429 || this.code === 503 || this.code === 504 || this.reason === 'ServerTimeout' || this.reason === 'Timeout';
  }

  get isNotFound(): boolean {
    return this.code === 404;
  }

  /** Whether a webhook could not be asked: its pods may still be starting. */
  get isWebhookDown(): boolean {
    return this.code >= 500 && /failed calling webhook|no endpoints available for service/.test(this.message);
  }

  /** Fields that can't be changed in an object that is there. Other 422s are faults of the manifest. */
  get immutableFields(): readonly string[] {
    return this.code === 422 ? this.causes.filter(({ message }) => isImmutable(message ?? '')).map(({ field = '' }) => field) : [];
  }
}

/** The words of validation, which each kind has of its own: https://github.com/kubernetes/kubernetes/tree/master/pkg/apis, in each group's `validation` */
function isImmutable(message: string): boolean {
  return /is immutable|may not be changed|may not change (once set|fields other than)|updates to .* are forbidden|cannot be changed|cannot change roleRef/i.test(
    message,
  );
}

function statusOf(text: string): Status | undefined {
  try {
    const value = JSON.parse(text) as Status | null;
    return value?.kind === 'Status' ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The API server was not reached, or broke off. */
export class Unreachable extends CommandError {
  override readonly name = 'Unreachable';

  constructor(server: URL, cause: unknown) {
    const code = codeOf(cause);
    const { message } = cause as Error;
    super(`the API server at ${server.origin} can't be reached (${code ?? message}): ${cureOf(code)}`, exitCodes.failed, { cause });
  }

  /** Whether it may be reached when asked again at once: a name that isn't known and a certificate that isn't trusted stay so. */
  get isPassing(): boolean {
    const code = codeOf(this.cause) ?? '';
    return ['ECONNRESET', 'EPIPE', 'ECONNREFUSED', 'ETIMEDOUT', 'EAI_AGAIN'].includes(code) || code.startsWith('ERR_HTTP2_');
  }
}

/** Something else answers where the API server should. */
export class NoApiServer extends CommandError {
  override readonly name = 'NoApiServer';

  constructor(server: URL) {
    super(`what answers at ${server.origin} is no Kubernetes API server: look at the server of this context in the kubeconfig`);
  }
}

/** Node.js's word for a fault. That of a DOMException, such as a timeout's, is a number that says nothing: https://webidl.spec.whatwg.org/#dom-domexception-code */
function codeOf(cause: unknown): string | undefined {
  const { code } = cause as { code?: unknown };
  return typeof code === 'string' ? code : undefined;
}

function cureOf(code: string | undefined): string {
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'look at the server of this context in the kubeconfig';
  if (code?.startsWith('ERR_TLS') || code?.includes('CERT') || code?.includes('SELF_SIGNED') || code?.includes('VERIFY'))
    return 'its certificate is not the one that the kubeconfig trusts: is this the cluster that you mean?';
  return 'is the cluster up, and is this the context that you mean?';
}
