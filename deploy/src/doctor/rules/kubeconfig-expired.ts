import type { Rule } from '../verdict';

/** Nobody is let in: the kubeconfig's certificate or token has ended, or was never the cluster's. Told before anything else. */
export const kubeconfigExpired: Rule = {
  name: 'kubeconfig-expired',
  look: ({ lockout }) => {
    if (lockout === undefined) return [];
    const { context, ended, message } = lockout;
    return [
      {
        subject: { group: '', kind: 'Context', name: context },
        cause:
          ended === undefined
            ? 'the cluster does not let it in: its credentials are not, or no longer, the cluster’s: get a new kubeconfig'
            : `the cluster does not let it in: the ${ended.what} of its kubeconfig expired at ${ended.at}: get a new one`,
        evidence: [`401: ${message}`, ...(ended === undefined ? [] : [`the ${ended.what} ended at ${ended.at}`])],
        next: [`kubectl auth whoami --context ${context}`, 'kubectl config view --minify'],
        certainAfterMs: 0,
      },
    ];
  },
};
