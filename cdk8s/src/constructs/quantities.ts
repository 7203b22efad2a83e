import type { Cpu, Mebibytes, ResourcesDeclaration } from '@berth/service-kit/declaration';
import { k8s } from '../kubernetes';

/**
 * The units that are taken here; Kubernetes also takes a bare number, which for memory means bytes. The most of each is a wrong unit or a digit too many:
 * Linux runs on at most 8,192 CPUs (`NR_CPUS`) and, on x86-64 without a fifth level of pages, 64 TiB of memory
 * (https://docs.kernel.org/arch/x86/x86_64/5level-paging.html); clouds' largest volumes have 64 TiB (https://docs.aws.amazon.com/ebs/latest/userguide/volume_constraints.html).
 */
const forms = {
  cpu: { pattern: /^[1-9]\d*m$/, example: '250m', most: 8_192_000, unit: 'm' },
  memory: { pattern: /^[1-9]\d*Mi$/, example: '256Mi', most: 64 * 1_024 * 1_024, unit: 'Mi' },
  size: { pattern: /^[1-9]\d*Gi$/, example: '5Gi', most: 64 * 1_024, unit: 'Gi' },
} as const;

const formOf = { cpu: forms.cpu, cpuLimit: forms.cpu, memory: forms.memory, disk: forms.memory, size: forms.size } as const;

/** The smallest amount with which something works, why, and what else would help. */
export interface LeastAmount {
  readonly amount: Cpu | Mebibytes;
  readonly because: string;
  readonly otherwise?: string;
}

/** The smallest amounts with which something works. */
export type Least = Partial<Record<'cpu' | 'memory' | 'disk', LeastAmount>>;

/**
 * What is wrong with some amounts: a unit that is missing or means something else, nothing at all, too little, more than there is, a limit below the request.
 *
 * @param least - bounds beside those of the form
 */
export function quantityFaults(amounts: Partial<ResourcesDeclaration> & { readonly size?: string }, least: Least = {}): string[] {
  const faults = Object.entries(amounts).flatMap(([name, amount]) => {
    const form = formOf[name as keyof typeof formOf];
    if (form === undefined) return [];
    if (!form.pattern.test(amount)) return [`${name} is "${amount}": it must be a whole amount above zero with its unit, such as "${form.example}"`];
    return parseInt(amount) <= form.most ? [] : [`${name} ${amount} is more than any machine or volume has: give it at most ${form.most}${form.unit}`];
  });
  if (faults.length > 0) return faults;
  for (const name of ['cpu', 'memory', 'disk'] as const) {
    const [amount, bound] = [amounts[name], least[name]];
    if (amount !== undefined && bound !== undefined && parseInt(amount) < parseInt(bound.amount))
      faults.push(
        `${name} ${amount} is too little, because ${bound.because}: ${[`give it at least ${bound.amount}`, bound.otherwise].filter(Boolean).join(', or ')}`,
      );
  }
  const { cpu, cpuLimit } = amounts;
  if (cpu !== undefined && cpuLimit !== undefined && parseInt(cpuLimit) < parseInt(cpu))
    faults.push(`cpuLimit ${cpuLimit} is below cpu ${cpu}, the amount that is reserved: raise the limit or lower cpu`);
  return faults;
}

const largerUnits: Readonly<Record<string, { readonly unit: string; readonly factor: number }>> = {
  m: { unit: '', factor: 1_000 },
  Mi: { unit: 'Gi', factor: 1_024 },
  Gi: { unit: 'Ti', factor: 1_024 },
};

/**
 * An amount as the API server keeps it, so that nothing looks changed: 1000m is 1, 1024Mi is 1Gi.
 * https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
 */
export function quantity(amount: string): k8s.Quantity {
  const [, digits, unit] = /^(\d+)(\D*)$/.exec(amount) ?? [];
  const larger = unit === undefined ? undefined : largerUnits[unit];
  if (larger === undefined || Number(digits) % larger.factor !== 0) return k8s.Quantity.fromString(amount);
  return quantity(`${Number(digits) / larger.factor}${larger.unit}`);
}
