/* eslint-disable @typescript-eslint/no-explicit-any, @typescript-eslint/no-unsafe-assignment, @typescript-eslint/no-unsafe-member-access, @typescript-eslint/no-unsafe-return, @typescript-eslint/no-unsafe-call -- any field of a pod is broken here, and the API server judges */

/** What a pod is made from. */
export interface PodTemplate {
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly spec: any;
}

/** One way to break a rule of `restricted`, in a pod that is otherwise admitted. */
export interface Breach {
  readonly what: string;
  readonly breach: (template: PodTemplate) => void;
  /** What the API server says. */
  readonly said: RegExp;
}

const container = ({ spec }: PodTemplate) => spec.containers[0];
const ofContainer = (change: (container: any) => void) => (template: PodTemplate) => change(container(template));
const ofSecurity = (change: (context: any) => void) => ofContainer(({ securityContext }) => change(securityContext));
const ofPod =
  (change: (spec: any) => void) =>
  ({ spec }: PodTemplate) =>
    change(spec);
const volume = (source: object) => ofPod((spec) => spec.volumes.push({ name: 'foreign', ...source }));

/** One a rule: https://kubernetes.io/docs/concepts/security/pod-security-standards/ */
export const breaches: readonly Breach[] = [
  { what: 'the host’s network', said: /host namespaces \(hostNetwork=true\)/, breach: ofPod((spec) => (spec.hostNetwork = true)) },
  { what: 'the host’s processes', said: /host namespaces \(hostPID=true\)/, breach: ofPod((spec) => (spec.hostPID = true)) },
  { what: 'the host’s IPC', said: /host namespaces \(hostIPC=true\)/, breach: ofPod((spec) => (spec.hostIPC = true)) },
  { what: 'a port of the host', said: /hostPort/, breach: ofContainer((it) => (it.ports[0].hostPort = it.ports[0].containerPort)) },
  { what: 'a folder of the host', said: /restricted volume type "hostPath"/, breach: volume({ hostPath: { path: '/etc' } }) },
  { what: 'a volume of NFS', said: /restricted volume type "nfs"/, breach: volume({ nfs: { server: '127.0.0.1', path: '/' } }) },
  {
    what: 'a volume of iSCSI',
    said: /restricted volume type "iscsi"/,
    breach: volume({ iscsi: { targetPortal: '127.0.0.1', iqn: 'iqn.2000-01.example:a', lun: 0 } }),
  },
  {
    what: 'privileges',
    said: /privileged \(container/,
    breach: ofSecurity((context) => Object.assign(context, { privileged: true, allowPrivilegeEscalation: true })),
  },
  { what: 'privilege escalation', said: /allowPrivilegeEscalation != false/, breach: ofSecurity((context) => (context.allowPrivilegeEscalation = true)) },
  {
    what: 'privilege escalation left open',
    said: /allowPrivilegeEscalation != false/,
    breach: ofSecurity((context) => delete context.allowPrivilegeEscalation),
  },
  { what: 'capabilities that are not dropped', said: /unrestricted capabilities/, breach: ofSecurity((context) => delete context.capabilities) },
  {
    what: 'some capabilities dropped instead of all',
    said: /unrestricted capabilities/,
    breach: ofSecurity((context) => (context.capabilities = { drop: ['NET_RAW'] })),
  },
  { what: 'a capability of the default set added', said: /unrestricted capabilities/, breach: ofSecurity((context) => (context.capabilities.add = ['CHOWN'])) },
  {
    what: 'a capability that is never given',
    said: /non-default capabilities|unrestricted capabilities/,
    breach: ofSecurity((context) => (context.capabilities.add = ['SYS_ADMIN'])),
  },
  { what: 'root allowed by the pod', said: /runAsNonRoot != true/, breach: ofPod((spec) => (spec.securityContext.runAsNonRoot = false)) },
  { what: 'root allowed by the container', said: /runAsNonRoot != true/, breach: ofSecurity((context) => (context.runAsNonRoot = false)) },
  { what: 'root not forbidden', said: /runAsNonRoot != true/, breach: ofPod((spec) => delete spec.securityContext.runAsNonRoot) },
  { what: 'root as the pod’s user', said: /runAsUser=0/, breach: ofPod((spec) => (spec.securityContext.runAsUser = 0)) },
  { what: 'root as the container’s user', said: /runAsUser=0/, breach: ofSecurity((context) => (context.runAsUser = 0)) },
  { what: 'no seccomp profile', said: /seccompProfile/, breach: ofPod((spec) => delete spec.securityContext.seccompProfile) },
  { what: 'seccomp off for the pod', said: /seccompProfile/, breach: ofPod((spec) => (spec.securityContext.seccompProfile = { type: 'Unconfined' })) },
  { what: 'seccomp off for the container', said: /seccompProfile/, breach: ofSecurity((context) => (context.seccompProfile = { type: 'Unconfined' })) },
  { what: 'AppArmor off', said: /AppArmor profile/i, breach: ofSecurity((context) => (context.appArmorProfile = { type: 'Unconfined' })) },
  { what: 'an SELinux type of its own', said: /seLinuxOptions/, breach: ofPod((spec) => (spec.securityContext.seLinuxOptions = { type: 'spc_t' })) },
  { what: 'an SELinux role', said: /seLinuxOptions/, breach: ofSecurity((context) => (context.seLinuxOptions = { role: 'system_r' })) },
  {
    what: 'a kernel setting that is not safe',
    said: /forbidden sysctls/,
    breach: ofPod((spec) => (spec.securityContext.sysctls = [{ name: 'kernel.msgmax', value: '65536' }])),
  },
  { what: 'a probe of another host', said: /probe or lifecycle host/, breach: ofContainer((it) => (it.livenessProbe.httpGet.host = '169.254.169.254')) },
  {
    what: 'a lifecycle call to another host',
    said: /probe or lifecycle host/,
    breach: ofContainer((it) => (it.lifecycle = { preStop: { httpGet: { host: '169.254.169.254', port: 80 } } })),
  },
  {
    what: 'the whole of /proc',
    said: /procMount/,
    breach: (template) => {
      template.spec.hostUsers = false;
      container(template).securityContext.procMount = 'Unmasked';
    },
  },
  {
    what: 'a careless init container',
    said: /container "first"/,
    breach: ofPod((spec) => (spec.initContainers = [{ name: 'first', image: 'node:24-bookworm-slim' }])),
  },
];
