import { packageVersion } from '../../util/package-version.ts';
import { components } from './components.ts';
import type { DocumentedModel } from './documented-model.ts';
import { modelPaths, modelSchemas } from './model-paths.ts';
import type { Document, Paths } from './openapi-types.ts';
import { tagDescription } from './prose.ts';
import { serverPaths, serverTag } from './server-paths.ts';

export interface DocumentInput {
  readonly title: string;
  /** The version of what is described; the server's own when it is all of it. */
  readonly version?: string;
  readonly models: readonly DocumentedModel[];
  /** Sentences on what was left out, and why. */
  readonly notes: readonly string[];
  /** Document the routes of the server itself too. */
  readonly server: boolean;
}

/** The OpenAPI 3.1 document of one model or of several. Pure. */
export function buildDocument(input: DocumentInput): Document {
  const paths: Paths = Object.assign({}, ...input.models.map(modelPaths)) as Paths;
  const tags = input.models.map((model) => ({ name: model.name, description: tagDescription(model) }));
  return {
    openapi: '3.1.1',
    info: {
      title: input.title,
      version: input.version ?? packageVersion,
      description: [about, ...input.notes].join('\n\n'),
    },
    servers: [{ url: '/' }],
    tags: input.server ? [...tags, serverTag] : tags,
    paths: input.server ? { ...paths, ...serverPaths } : paths,
    components: components(Object.assign({}, ...input.models.map(modelSchemas)) as Record<string, never>),
  };
}

const about = `Models of an MLflow registry as typed, versioned HTTP APIs: requests and answers are each model's MLflow
signature. Every answer names the version it came from in \`countersign-version\`. Errors are problem documents
(RFC 9457) with a permanent \`code\`; [all codes](/docs/errors).`;
