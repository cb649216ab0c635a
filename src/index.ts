/** The public surface of the package. Everything else is internal. */
export {
  type CountersignConfig,
  type Deployment,
  deploymentFromModelName,
  type DeploymentOptions,
} from './deployment.ts';
export { type Closed } from './gateway.ts';
export { type CountersignOptions } from './config/options.ts';
export { CountersignError } from './errors/countersign-error.ts';
export { type ErrorCode, type ErrorKind } from './errors/catalogue.ts';
export { type Logger } from './telemetry/logger.ts';
export { compose, type ComposeContext, type GraphDefinition } from './graph/compose.ts';
export {
  type BranchOptions,
  condition,
  type ConditionOptions,
  ensemble,
  type EnsembleMemberOptions,
  type EnsembleOptions,
  pipeline,
  type PipelineOptions,
  type ReferenceGiven,
  type StepOptions,
  type CriterionOptions,
} from './graph/forms.ts';
export { invalidRow } from './graph/invalid-row.ts';
export {
  type Member,
  member,
  type MemberGiven,
  type MemberOptions,
  type TypedMember,
} from './graph/member-types.ts';
export { type ModelRows, type Models } from './graph/models.ts';
export {
  type ColumnJson,
  type ParamJson,
  type SchemaJson,
  type TensorJson,
} from './graph/signature-types.ts';
