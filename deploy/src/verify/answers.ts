/** What is wrong with a health page's answer; nothing when it is well. A status `degraded` in it is a fault here: something that it needs is missing. */
export async function healthFault(answer: Response): Promise<string | undefined> {
  const text = await answer.text();
  const status = statusOf(text);
  if (!answer.ok) return `is answered ${answer.status}: ${cut(text, 300)}`;
  return status === undefined || status === 'ok' ? undefined : `says ${JSON.stringify(status)}: ${cut(text, 300)}`;
}

/** The ellipsis tells a beginning: that of a Secret's value is hidden too. */
function cut(text: string, longest: number): string {
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
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
export async function metricsFault(answer: Response, isBerths: boolean): Promise<string | undefined> {
  const text = await answer.text();
  if (!answer.ok) return `is answered ${answer.status}: ${cut(text, 300)}`;
  const lines = text.split('\n');
  const wrong = lines.find((each) => !line.test(each));
  if (wrong !== undefined) return `is nothing that Prometheus reads: "${cut(wrong, 100)}"`;
  const names = new Set(lines.filter((each) => each !== '' && !each.startsWith('#')).map((each) => each.replace(/[{ ].*$/, '')));
  if (names.size === 0) return 'has no metric';
  const missing = isBerths ? ownMetrics.filter((name) => !names.has(name)) : [];
  return missing.length === 0 ? undefined : `has no ${missing.join(' and no ')}`;
}
