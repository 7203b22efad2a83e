import { claimed, configMap, deployment, job, passwordFile, postgres, probe, secret, service, shopParts, statefulSet, type Written } from './doctor-objects';

/** Something that is broken for real, and what doctor says of it. */
export interface Fault {
  /** Name of its folder, and of its objects. */
  readonly name: string;
  readonly objects: readonly Written[];
  /** What the cluster says of it by the time doctor is asked. */
  readonly seen: RegExp;
  /** Whether that is in its log. */
  readonly logs?: true;
  readonly rule: string;
  readonly cause: RegExp;
  readonly evidence: RegExp;
  /** What follows from it, by name. */
  readonly followers?: readonly string[];
}

const slow = `setTimeout(() => {}, 1e6);process.on('SIGTERM', () => process.exit(0));`;

/** Those that sit side by side in one namespace. */
export const faults: readonly Fault[] = [
  {
    name: 'image-wrong',
    objects: [deployment('image-wrong', { container: { image: 'localhost:5000/shop/nobody:1' } })],
    seen: /(ErrImagePull|ImagePullBackOff|Failed).*nobody:1.*not found/,
    rule: 'image-name',
    cause: /the registry localhost:5000 has no image localhost:5000\/shop\/nobody:1/,
    evidence: /not found/,
  },
  {
    name: 'tag-missing',
    objects: [deployment('tag-missing', { container: { image: 'localhost:5000/shop/web:none' } })],
    seen: /(ErrImagePull|ImagePullBackOff|Failed).*web:none.*not found/,
    rule: 'image-tag',
    cause: /localhost:5000\/shop\/web has no tag "none"/,
    evidence: /localhost:5000\/shop\/web:1/,
  },
  {
    name: 'pull-secret',
    objects: [deployment('pull-secret', { container: { image: 'localhost:5000/private/web:1' }, pod: { imagePullSecrets: [{ name: 'registry-login' }] } })],
    seen: /(ErrImagePull|ImagePullBackOff|Failed).*private\/web/,
    rule: 'pull-secret',
    cause: /Secret registry-login/,
    evidence: /authorization|denied|401/,
  },
  {
    name: 'never-pulled',
    objects: [deployment('never-pulled', { container: { image: 'nowhere:1', imagePullPolicy: 'Never' } })],
    seen: /ErrImageNeverPull/,
    rule: 'image-never-pulled',
    cause: /nowhere:1 is not on the node, and its imagePullPolicy is Never/,
    evidence: /ErrImageNeverPull/,
  },
  {
    name: 'no-command',
    objects: [deployment('no-command', { container: { command: ['serve-the-shop'] } })],
    seen: /serve-the-shop.*not found/,
    rule: 'command-not-found',
    cause: /"serve-the-shop" is not in the image/,
    evidence: /executable file not found/,
  },
  {
    name: 'stack-trace',
    objects: [deployment('stack-trace', { program: `function openShop() { throw new Error('the till is locked'); } openShop();` })],
    seen: /BackOff.*stack-trace/,
    rule: 'crash',
    cause: /ends with exit code 1.*Error: the till is locked/,
    evidence: /at openShop/,
  },
  {
    name: 'out-of-memory',
    objects: [
      deployment('out-of-memory', {
        program: `const all = []; for (;;) all.push(Buffer.alloc(1e6, 1));`,
        container: { resources: { requests: { cpu: '1m', memory: '64Mi' }, limits: { memory: '64Mi' } } },
      }),
    ],
    seen: /OOMKilled/,
    rule: 'out-of-memory',
    cause: /more memory than its limit \(OOMKilled\)/,
    evidence: /64Mi/,
  },
  {
    name: 'ready-path',
    objects: [deployment('ready-path', { container: { readinessProbe: probe('/raedy') } })],
    seen: /Unhealthy.*statuscode: 404/,
    rule: 'probe-path',
    cause: /readiness probe asks \/raedy, .* 404/,
    evidence: /statuscode: 404/,
  },
  {
    name: 'ready-port',
    objects: [deployment('ready-port', { container: { readinessProbe: probe('/ready', 9000) } })],
    seen: /Unhealthy.*9000.*refused/,
    rule: 'probe-port',
    cause: /readiness probe asks port 9000, where nothing listens.*8000/,
    evidence: /connection refused/,
  },
  {
    name: 'probe-early',
    objects: [deployment('probe-early', { program: slow, container: { startupProbe: probe('/ready', 'http', { failureThreshold: 2 }) } })],
    seen: /Killing.*failed startup probe/,
    rule: 'startup-probe',
    cause: /startup probe gives it 2 s/,
    evidence: /failed startup probe/,
  },
  {
    name: 'slow-start',
    objects: [deployment('slow-start', { program: slow, container: { livenessProbe: probe('/ready', 'http', { failureThreshold: 2 }) } })],
    seen: /Killing.*failed liveness probe/,
    rule: 'liveness-probe',
    cause: /liveness probe kills it .* before it/,
    evidence: /failed liveness probe/,
  },
  {
    name: 'no-config-map',
    objects: [deployment('no-config-map', { container: { envFrom: [{ configMapRef: { name: 'settings' } }] } })],
    seen: /configmap "settings" not found/,
    rule: 'config-map-missing',
    cause: /ConfigMap settings .*isn't there|needs the ConfigMap settings, which isn't there/,
    evidence: /configmap "settings" not found/,
  },
  {
    name: 'no-config-key',
    objects: [
      configMap('no-config-key', { word: 'one' }),
      deployment('no-config-key', { container: { env: [{ name: 'WORD', valueFrom: { configMapKeyRef: { name: 'no-config-key', key: 'wrod' } } }] } }),
    ],
    seen: /couldn't find key wrod/,
    rule: 'config-map-key',
    cause: /key "wrod" of the ConfigMap no-config-key, which has only word/,
    evidence: /couldn't find key wrod/,
  },
  {
    name: 'no-mounted-map',
    objects: [
      deployment('no-mounted-map', {
        container: { volumeMounts: [{ name: 'settings', mountPath: '/settings' }] },
        pod: { volumes: [{ name: 'settings', configMap: { name: 'mounted-settings' } }] },
      }),
    ],
    seen: /FailedMount.*configmap "mounted-settings" not found/,
    rule: 'config-map-missing',
    cause: /needs the ConfigMap mounted-settings, which isn't there/,
    evidence: /configmap "mounted-settings" not found/,
  },
  {
    name: 'no-secret',
    objects: [
      deployment('no-secret', {
        container: { volumeMounts: [{ name: 'key', mountPath: '/key' }] },
        pod: { volumes: [{ name: 'key', secret: { secretName: 'shop-key' } }] },
      }),
    ],
    seen: /FailedMount.*secret "shop-key" not found/,
    rule: 'secret-missing',
    cause: /needs the Secret shop-key, which isn't there/,
    evidence: /secret "shop-key" not found/,
  },
  {
    name: 'volume-class',
    objects: claimed('volume-class', { storageClassName: 'fast' }),
    seen: /storageclass.*"fast" not found/,
    rule: 'volume-class',
    cause: /asks for the storage class "fast", which isn't there; the cluster has .*standard/,
    evidence: /"fast" not found/,
  },
  {
    name: 'volume-size',
    objects: claimed('volume-size', { resources: { requests: { storage: '900Ti' } } }),
    seen: /FailedScheduling.*volume-size/,
    rule: 'volume-size',
    cause: /asks for 900Ti, and no volume of the class standard that is free has more than \d+Gi/,
    evidence: /persistent volumes? to bind/,
  },
  {
    name: 'volume-mode',
    objects: claimed('volume-mode', { accessModes: ['ReadWriteMany'] }),
    seen: /FailedScheduling.*volume-mode/,
    rule: 'volume-mode',
    cause: /asks for ReadWriteMany, and no volume of the class standard that is free offers it/,
    evidence: /persistent volumes? to bind/,
  },
  {
    name: 'too-much-cpu',
    objects: [deployment('too-much-cpu', { container: { resources: { requests: { cpu: '900' } } } })],
    seen: /FailedScheduling.*Insufficient cpu/,
    rule: 'node-resources',
    cause: /no node has room for it: it asks for 900 CPU/,
    evidence: /Insufficient cpu/,
  },
  {
    name: 'too-much-memory',
    objects: [deployment('too-much-memory', { container: { resources: { requests: { memory: '900Ti' } } } })],
    seen: /FailedScheduling.*Insufficient memory/,
    rule: 'node-resources',
    cause: /no node has room for it: it asks for 900Ti memory/,
    evidence: /Insufficient memory/,
  },
  {
    name: 'wrong-selector',
    objects: [deployment('wrong-selector', { pod: { nodeSelector: { disk: 'golden' } } })],
    seen: /FailedScheduling.*wrong-selector/,
    rule: 'node-selector',
    cause: /no node has the labels that it asks for: disk=golden/,
    evidence: /node affinity\/selector/,
  },
  {
    name: 'no-account',
    objects: [deployment('no-account', { pod: { serviceAccountName: 'cashier' } })],
    seen: /FailedCreate.*serviceaccount "cashier" not found/,
    rule: 'service-account',
    cause: /ServiceAccount cashier, which isn't there/,
    evidence: /serviceaccount "cashier" not found/,
  },
  {
    name: 'selects-nothing',
    objects: [deployment('selects-nothing'), service('selects-nothing', { selector: { app: 'selects-noting' } })],
    seen: /Ready.*selects-nothing/,
    rule: 'service-selector',
    cause: /no pod has the labels that it selects: app=selects-noting/,
    evidence: /app=selects-nothing/,
  },
  {
    name: 'wrong-target',
    objects: [deployment('wrong-target'), service('wrong-target', { ports: [{ name: 'http', port: 8000, targetPort: 'htpp' }] })],
    seen: /Ready.*wrong-target/,
    rule: 'service-port',
    cause: /its port 8000 leads to "htpp", and no pod has a port of that name/,
    evidence: /http \(8000\)/,
  },
  {
    name: 'wrong-number',
    objects: [deployment('wrong-number'), service('wrong-number', { ports: [{ name: 'http', port: 8000, targetPort: 8080 }] })],
    seen: /Ready.*wrong-number/,
    rule: 'service-port',
    cause: /its port 8000 leads to 8080, where nothing listens/,
    evidence: /refused/,
  },
  {
    name: 'stray-pod',
    objects: [
      deployment('stray-pod'),
      service('stray-pod', { ports: [{ name: 'http', port: 80, targetPort: 8000 }] }),
      job('stray-job', { program: slow, labels: { app: 'stray-pod' }, container: { ports: undefined } }),
    ],
    seen: /Ready.*stray-job/,
    rule: 'service-port',
    cause: /its port 80 leads to 8000, where the pod stray-job-\S+ of Job\/stray-job, which it selects too, does not listen: its other pods do/,
    evidence: /refused/,
  },
  {
    name: 'ingress-nowhere',
    objects: [
      deployment('ingress-nowhere'),
      service('ingress-nowhere'),
      {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'Ingress',
        metadata: { name: 'ingress-nowhere' },
        spec: {
          rules: [{ http: { paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: 'ingress-nowere', port: { number: 8000 } } } }] } }],
        },
      },
    ],
    seen: /Ready.*ingress-nowhere/,
    rule: 'ingress-service',
    cause: /leads to the Service ingress-nowere, which isn't there/,
    evidence: /ingress-nowhere/,
  },
  {
    name: 'finalizer',
    objects: [{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'finalizer', finalizers: ['shop.example/till'] }, data: {} }],
    seen: /finalizer Terminating/,
    rule: 'finalizer',
    cause: /is being deleted .*shop\.example\/till/,
    evidence: /finalizers/,
  },
  {
    name: 'disk-eater',
    objects: [
      job('disk-eater', {
        program: `require('node:fs').writeFileSync('/tmp/heap', Buffer.alloc(30e6)); setInterval(() => {}, 1e6)`,
        container: { resources: { requests: { cpu: '1m' }, limits: { 'ephemeral-storage': '5Mi' } } },
      }),
    ],
    seen: /Evicted.*disk-eater|disk-eater.*Evicted/,
    rule: 'evicted',
    cause: /Evicted: .*ephemeral/,
    evidence: /5Mi/,
  },
  {
    name: 'job-failed',
    objects: [job('job-failed', { program: `console.error('the ledger is torn'); process.exit(3)` })],
    seen: /BackoffLimitExceeded.*job-failed|job-failed.*BackoffLimitExceeded/,
    rule: 'crash',
    cause: /ends with exit code 3.*the ledger is torn/,
    evidence: /the ledger is torn/,
  },
  {
    name: 'no-secret-key',
    objects: [
      secret('no-secret-key', { user: 'shop' }),
      deployment('no-secret-key', { container: { env: [{ name: 'PASSWORD', valueFrom: { secretKeyRef: { name: 'no-secret-key', key: 'password' } } }] } }),
    ],
    seen: /couldn't find key password in Secret/,
    rule: 'secret-key',
    cause: /needs the key "password" of the Secret no-secret-key/,
    evidence: /couldn't find key password/,
  },
  {
    name: 'shop-settings',
    objects: [deployment('shop-settings', shopParts('user-service', { LOG_LEVEL: 'loud' }))],
    seen: /shop-settings\S* .*"exitCode":78/,
    rule: 'configuration-refused',
    cause: /refuses its configuration \(exit code 78\).*LOG_LEVEL must be one of .*not "loud"/,
    evidence: /LOG_LEVEL must be one of/,
  },
  {
    name: 'peer-name',
    objects: [
      configMap('peer-name', { USER_SERVICE_URL: 'http://shop-usr:8000' }),
      deployment('peer-name', shopParts('order-service', {}, { container: { envFrom: [{ configMapRef: { name: 'peer-name' } }] } })),
    ],
    seen: /Ready.*peer-name/,
    rule: 'peer-name',
    cause: /USER_SERVICE_URL is http:\/\/shop-usr:8000, and there is no Service shop-usr: is shop-user meant\?/,
    evidence: /in the ConfigMap peer-name/,
  },
  {
    name: 'peer-port',
    objects: [deployment('peer-port', shopParts('order-service', { USER_SERVICE_URL: 'http://shop-user:9000' }))],
    seen: /Ready.*peer-port/,
    rule: 'peer-url',
    cause: /the Service shop-user has no port 9000: it has 8000/,
    evidence: /USER_SERVICE_URL=http:\/\/shop-user:9000/,
  },
  {
    name: 'peer-path',
    objects: [deployment('peer-path', shopParts('order-service', { USER_SERVICE_URL: 'http://shop-user:8000/shop' }))],
    seen: /Settled.*peer-path/,
    rule: 'peer-url',
    cause: /USER_SERVICE_URL is http:\/\/shop-user:8000\/shop: the Service shop-user is up, and what answers there is not what is expected/,
    evidence: /readiness answer: user-service is unavailable/,
  },
  {
    name: 'peer-barred',
    objects: [
      deployment('peer-barred', shopParts('order-service', { USER_SERVICE_URL: 'http://shop-user:8000' })),
      {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'NetworkPolicy',
        metadata: { name: 'dns-alone' },
        spec: { podSelector: { matchLabels: { app: 'peer-barred' } }, policyTypes: ['Egress'], egress: [{ ports: [{ port: 53, protocol: 'UDP' }] }] },
      },
    ],
    seen: /Ready.*peer-barred/,
    rule: 'network-policy',
    cause: /may not connect to shop-user:8000 .*NetworkPolicy\/dns-alone/,
    evidence: /egress of pod peer-barred/,
  },
  {
    name: 'peer-broken',
    objects: [
      deployment('peer-broken', shopParts('user-service', {}, { container: { image: 'user-service:gone', imagePullPolicy: 'Never' } })),
      service('peer-broken'),
      deployment('peer-waiting', shopParts('order-service', { USER_SERVICE_URL: 'http://peer-broken:8000', READINESS_REQUIRES_PEERS: 'true' })),
      service('peer-waiting'),
    ],
    seen: /Unhealthy.*peer-waiting/,
    rule: 'image-never-pulled',
    cause: /user-service:gone is not on the node/,
    evidence: /ErrImageNeverPull/,
    followers: ['Deployment/peer-waiting', 'Service/peer-broken', 'Service/peer-waiting'],
  },
  {
    name: 'database-down',
    objects: [
      ...postgres('sleeping-database', 0),
      deployment('database-down', shopParts('user-service', { DATABASE_URL: 'postgres://shop:x@sleeping-database:5432/shop' })),
    ],
    seen: /Unhealthy.*database-down/,
    rule: 'database-down',
    cause: /nobody answers at postgres:\/\/sleeping-database:5432\/shop, which database-down needs: Deployment\/sleeping-database is scaled to 0/,
    evidence: /has no address that is ready/,
    followers: ['Deployment/database-down'],
  },
  {
    name: 'wrong-password',
    objects: [
      ...postgres('shop-database'),
      secret('wrong-password', { password: 'wrong-password-of-the-shop' }),
      deployment(
        'wrong-password',
        shopParts(
          'user-service',
          { DATABASE_URL: 'postgres://shop@shop-database:5432/shop', DATABASE_PASSWORD_FILE: '/run/secrets/database/password' },
          { container: { volumeMounts: passwordFile('').volumeMounts }, pod: { volumes: passwordFile('wrong-password').volumes } },
        ),
      ),
    ],
    logs: true,
    seen: /password authentication failed/,
    rule: 'database-password',
    cause: /the database refuses the password of its user shop, which is in the Secret wrong-password/,
    evidence: /password authentication failed for user/,
  },
  {
    name: 'migration',
    objects: [
      job('migration', {
        ...shopParts('user-service', {}, { container: { command: ['node', 'dist/main.js', 'migrate'], readinessProbe: undefined } }),
        pod: {
          securityContext: { fsGroup: 10001 },
          volumes: [{ name: 'data', emptyDir: {} }],
          initContainers: [
            {
              name: 'by-hand',
              image: 'user-service:dev',
              command: ['node', '-e', `new (require('better-sqlite3'))('data/user_service.db').exec('CREATE TABLE users (name TEXT)')`],
              volumeMounts: [{ name: 'data', mountPath: '/home/appuser/app/data' }],
            },
          ],
        },
      }),
    ],
    seen: /BackoffLimitExceeded.*migration|migration.*BackoffLimitExceeded/,
    rule: 'migration-failed',
    cause: /the migration fails: container app ends with exit code 1: .*Migration 2 .* failed and nothing of it was kept/,
    evidence: /table users already exists/,
  },
  {
    name: 'two-on-one',
    objects: [
      claimed('two-on-one', {})[0]!,
      deployment(
        'two-on-one',
        shopParts('user-service', {}, { replicas: 2, pod: { volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'two-on-one' } }] } }),
      ),
    ],
    seen: /two-on-one\S* .*CrashLoopBackOff/,
    rule: 'shared-sqlite',
    cause: /another pod serves the volume two-on-one, and SQLite takes one at a time; run one pod/,
    evidence: /Another process serves/,
  },
  {
    name: 'template-class',
    objects: [statefulSet('template-class', { storageClassName: 'nosuchclass' }), service('template-class')],
    seen: /FailedScheduling.*template-class/,
    rule: 'volume-class',
    cause: /PersistentVolumeClaim\/\S+\/data-template-class-0: it is not bound: it asks for the storage class "nosuchclass", which isn't there/,
    evidence: /"nosuchclass" not found/,
    followers: ['StatefulSet/template-class', 'Service/template-class'],
  },
  {
    name: 'hook-fails',
    objects: [deployment('hook-fails', { container: { lifecycle: { postStart: { exec: { command: ['sh', '-c', 'exit 4'] } } } } })],
    seen: /BackOff.*hook-fails/,
    rule: 'post-start-hook',
    cause: /container app is killed right after its start.*: its postStart hook fails: sh -c exit 4$/,
    evidence: /PostStartHook failed/,
  },
  {
    name: 'init-waits',
    objects: [
      deployment('init-waits', {
        pod: {
          initContainers: [
            {
              name: 'wait',
              image: 'node:24-bookworm-slim',
              imagePullPolicy: 'IfNotPresent',
              command: ['node', '-e', `setInterval(() => console.log('waiting for db:5432'), 1000)`],
            },
          ],
        },
      }),
    ],
    seen: /Old .*init-waits/,
    rule: 'init-container',
    cause: /its init container wait runs for \d+ s and has not ended, .*: waiting for db:5432$/,
    evidence: /waiting for db:5432/,
  },
  {
    name: 'gate-shut',
    objects: [deployment('gate-shut', { pod: { readinessGates: [{ conditionType: 'shop.example/till' }] } }), service('gate-shut')],
    seen: /Old .*gate-shut/,
    rule: 'readiness-gate',
    cause: /its containers are ready, and its readiness gate shop\.example\/till is not met: nobody has set this condition/,
    evidence: /shop\.example\/till.* does not exist/,
    followers: ['Service/gate-shut'],
  },
  {
    name: 'no-scheduler',
    objects: [deployment('no-scheduler', { pod: { schedulerName: 'nobody' } })],
    seen: /Old .*no-scheduler/,
    rule: 'scheduler',
    cause: /no scheduler has looked at it: it asks for the scheduler "nobody"/,
    evidence: /spec\.schedulerName nobody/,
  },
  {
    name: 'paused',
    objects: [deployment('paused', { spec: { paused: true } }), configMap('paused', {})],
    seen: /^paused /,
    rule: 'paused',
    cause: /its rollout is paused: 0 of 1 pods are of its newest template/,
    evidence: /spec\.paused is true/,
  },
  {
    name: 'asleep',
    objects: [deployment('asleep', { replicas: 0 }), service('asleep')],
    seen: /Old .*shop-user/,
    rule: 'scaled-to-zero',
    cause: /nobody answers for it: Deployment\/asleep is scaled to 0/,
    evidence: /spec\.replicas of Deployment\/asleep is 0/,
  },
  {
    name: 'unbalanced',
    objects: [deployment('unbalanced'), service('unbalanced', { type: 'LoadBalancer' })],
    seen: /Old .*unbalanced/,
    rule: 'load-balancer',
    cause: /it is of type LoadBalancer, and nobody has made its load balancer/,
    evidence: /status\.loadBalancer is empty/,
  },
  {
    name: 'mixed-up',
    objects: [
      deployment('mixed-users', shopParts('user-service', {})),
      service('mixed-users', { selector: { app: 'mixed-orders' } }),
      deployment('mixed-orders', shopParts('order-service', { USER_SERVICE_URL: 'http://mixed-users:8000' })),
      service('mixed-orders'),
      {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'NetworkPolicy',
        metadata: { name: 'mixed-up' },
        spec: {
          podSelector: { matchLabels: { app: 'mixed-orders' } },
          policyTypes: ['Egress'],
          egress: [{ to: [{ podSelector: { matchLabels: { app: 'mixed-users' } } }] }, { ports: [{ port: 53, protocol: 'UDP' }] }],
        },
      },
    ],
    seen: /Settled.*mixed-orders/,
    rule: 'service-wrong-pods',
    cause:
      /Service\/\S+\/mixed-users: its selector app=mixed-orders is that of the pods of Deployment\/mixed-orders: no Service leads to Deployment\/mixed-users/,
    evidence: /the pods of Deployment\/mixed-users have app=mixed-users/,
    followers: ['Deployment/mixed-orders'],
  },
  {
    name: 'scales-nothing',
    objects: [
      {
        apiVersion: 'autoscaling/v2',
        kind: 'HorizontalPodAutoscaler',
        metadata: { name: 'scales-nothing' },
        spec: {
          scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'nothing-here' },
          maxReplicas: 2,
          metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 70 } } }],
        },
      },
    ],
    seen: /FailedGetScale.*scales-nothing/,
    rule: 'scale-target',
    cause: /it scales Deployment\/nothing-here, which isn't there/,
    evidence: /FailedGetScale: .*"nothing-here" not found/,
  },
  {
    name: 'probe-command',
    objects: [deployment('probe-command', { container: { readinessProbe: { exec: { command: ['cat', '/till'] }, periodSeconds: 1 } } })],
    seen: /Old .*probe-command/,
    rule: 'not-answering',
    cause: /its readiness probe fails: cat: \/till: No such file or directory$/,
    evidence: /No such file or directory/,
  },
];

/** What others of them talk to. */
export const common: readonly Written[] = [deployment('shop-user', shopParts('user-service', {})), service('shop-user')];
