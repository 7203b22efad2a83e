// Writes services/<name>/openapi.json as the built service publishes it.
//   npm run openapi             writes the files
//   npm run openapi -- --check  writes nothing, fails where a file is not what the service publishes
import { join } from 'node:path';
import { generate } from './generated-file.mjs';
import { serviceNames, servicePaths } from './services.mjs';
import { loadTypeScript } from './typescript.mjs';

const { startService } = await loadTypeScript('services/service-kit/testing/service-process.ts');

/** Asked of the real process, on a SQLite file of its own, so that nothing can be published but not written down. */
async function publishedDocument(name) {
  const service = await startService(name, { LOG_LEVEL: 'warn' });
  try {
    const answer = await fetch(`${service.url}/openapi.json`);
    if (!answer.ok) throw new Error(`${name} answered GET /openapi.json with ${answer.status}`);
    return await answer.json();
  } finally {
    await service.stop();
  }
}

const files = await Promise.all(
  serviceNames().map(async (name) => ({
    path: join(servicePaths(name).folder, 'openapi.json'),
    text: `${JSON.stringify(await publishedDocument(name), null, 2)}\n`,
  })),
);
generate(files, 'npm run openapi');
