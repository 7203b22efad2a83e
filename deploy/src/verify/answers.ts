import { shortened } from '../output/shortened';

/** What a page answered. */
export interface Answer {
  readonly status: number;
  readonly text: string;
}

/**
 * What is wrong with a health page's answer; nothing when it is well, as the kubelet sees it: by its status code.
 *
 * @param isBerths - a status `degraded` in it, as services of Berth say it, is a fault too: something that it needs is missing
 */
export function healthFault({ status, text }: Answer, isBerths: boolean): string | undefined {
  if (status < 200 || status >= 400) return `is answered ${status}: ${shortened(text, 300)}`;
  const said = isBerths ? statusOf(text) : undefined;
  return said === undefined || said === 'ok' ? undefined : `says ${JSON.stringify(said)}: ${shortened(text, 300)}`;
}

function statusOf(text: string): unknown {
  try {
    return (JSON.parse(text) as { status?: unknown } | null)?.status;
  } catch {
    return undefined;
  }
}

/** A comment, a sample or nothing. https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format */
const line = /^(?:#.*|[a-zA-Z_:][\w:]*(?:\{.*\})? \S+(?: -?\d+)?)?$/;

/** What every service of Berth tells of itself. */
const ownMetrics = ['build_info', 'http_requests_total'];

/** What is wrong with a metrics page's answer; nothing when Prometheus can read it. @param isBerths - what every service of Berth has must be in it */
export function metricsFault({ status, text }: Answer, isBerths: boolean): string | undefined {
  if (status < 200 || status >= 300) return `is answered ${status}: ${shortened(text, 300)}`;
  const lines = text.split('\n');
  const wrong = lines.find((each) => !line.test(each));
  if (wrong !== undefined) return `is nothing that Prometheus reads: "${shortened(wrong, 100)}"`;
  const names = new Set(lines.filter((each) => each !== '' && !each.startsWith('#')).map((each) => each.replace(/[{ ].*$/, '')));
  if (names.size === 0) return 'has no metric';
  const missing = isBerths ? ownMetrics.filter((name) => !names.has(name)) : [];
  return missing.length === 0 ? undefined : `has no ${missing.join(' and no ')}`;
}
