/**
 * Milliseconds within which not everybody reaches a pod that became ready: the nodes learn of it later. kube-proxy takes a second (`minSyncPeriod`,
 * https://kubernetes.io/docs/reference/config-api/kube-proxy-config.v1alpha1/), and longer where the node is busy.
 */
export const readinessSpreadsMs = 10_000;
