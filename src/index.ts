/** The public surface of the package. Everything else is internal. */
export { type Deployment, deploymentFromModelName, type DeploymentOptions } from './deployment.ts';
export { type Closed } from './gateway.ts';
export { type CountersignOptions } from './config/options.ts';
export { CountersignError } from './errors/countersign-error.ts';
export { type ErrorCode, type ErrorKind } from './errors/catalogue.ts';
export { type Logger } from './telemetry/logger.ts';
