const units: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** The number that a quantity such as `100m` or `1Gi` stands for. https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/ */
export function quantity(text: string | number | undefined): number {
  const [, digits, unit = ''] = /^([\d.]+(?:e\d+)?)([a-zA-Z]*)$/.exec(String(text ?? '0')) ?? [];
  return Number(digits ?? 0) * (units[unit] ?? 1);
}

/** Bytes as people write them. */
export function bytesText(bytes: number): string {
  const [unit, size] = (
    [
      ['Ti', 2 ** 40],
      ['Gi', 2 ** 30],
      ['Mi', 2 ** 20],
      ['Ki', 2 ** 10],
    ] as const
  ).find(([, each]) => bytes >= each) ?? ['', 1];
  return `${Math.floor((bytes / size) * 10) / 10}${unit}`;
}
