/** `node --import`: says on standard error what is loaded for traces. (Of OpenTelemetry's API the metrics load a copy.) */
import { registerHooks } from 'node:module';

registerHooks({
  resolve(specifier, context, next) {
    const resolved = next(specifier, context);
    if (/@opentelemetry\/sdk|otel-tracing/.test(resolved.url))
      process.stderr.write(`loaded for traces: ${specifier}\n`);
    return resolved;
  },
});
