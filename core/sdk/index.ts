export { sendAnswer } from './answer.ts';
export type { Answer } from './answer.ts';
export type { AuditEntry } from './audit.ts';
export type { Bus, EventHandler, SubscribeOptions } from './bus.ts';
export type { PluginContext } from './context.ts';
export { defineContract, optional, required } from './contract.ts';
export type { Contract, Need, Needs, Services } from './contract.ts';
export type {
  Database,
  HistorySubject,
  Row,
  Statement,
  Transaction,
  TransactionOptions,
} from './database.ts';
export type { Directory, DirectoryTeam, DirectoryUser } from './directory.ts';
export { AppError, defineErrors, isAppError, sharedErrors, validationFailed } from './errors.ts';
export type { ErrorDefinition, ErrorDetails, ErrorFactory, ErrorTable, Fault } from './errors.ts';
export { defineEvent } from './events.ts';
export type { EmitOptions, Event, EventDefinition, EventOf } from './events.ts';
export type {
  Access,
  Caller,
  EventStream,
  Http,
  HttpInstance,
  HttpReply,
  HttpRequest,
  Role,
  Routes,
  WebSocket,
} from './http.ts';
export type { History, HistoryItem, HistorySearch } from './history.ts';
export { createId, idPattern, isId } from './id.ts';
export { defineJob } from './jobs.ts';
export type {
  EnqueueOptions,
  Job,
  JobDefinition,
  JobOptions,
  Jobs,
  JobStatus,
  JobView,
  Schedule,
} from './jobs.ts';
export type { HeldLock, LockOptions, Locks } from './locks.ts';
export { definePlugin } from './plugin.ts';
export type { PluginDefinition, PluginManifest, SetupResult } from './plugin.ts';
export type { Clock, Flags, Health, HealthResult, Log, MetricOptions, Metrics, Timers } from './runtime.ts';
export { Secret, secretMask, secretText } from './secret.ts';
export { Problem, problems } from './problem.ts';
export type { PutOptions, State, StateEntry } from './state.ts';
