/** How long ago something was, as kubectl says it: `45s`, `12m`, `3h`, `5d`. @param time - by ISO 8601 */
export function ageOf(time: string | undefined, now = Date.now()): string {
  const seconds = Math.max(0, Math.floor((now - Date.parse(time ?? '')) / 1000));
  if (Number.isNaN(seconds)) return '-';
  const [unit, size] = seconds < 120 ? ['s', 1] : seconds < 7_200 ? ['m', 60] : seconds < 172_800 ? ['h', 3_600] : ['d', 86_400];
  return `${Math.floor(seconds / size)}${unit}`;
}
