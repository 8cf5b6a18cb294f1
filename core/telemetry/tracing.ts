import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, TraceFlags } from '@opentelemetry/api';
import type { Context, Tracer } from '@opentelemetry/api';
import type { Secret } from '@orchestrall/sdk';
import { formatTraceparent } from './traces.ts';
import type { TraceContext } from './traces.ts';

/** The client's `telemetry` section. */
export interface TracingOptions {
  /** OpenTelemetry collector, OTLP over HTTP, such as `http://collector:4318`. */
  readonly endpoint: string;
  readonly headers: Readonly<Record<string, Secret>>;
  /** Share of the traces begun here that is kept, 0 to 1; a caller's decision is followed. */
  readonly sampleRatio: number;
  readonly environment: string;
  readonly version: string;
}

/** One request as a span. */
export interface RequestSpan {
  /** Header for whatever is done on behalf of the request. */
  readonly traceparent: string;
  end(status: number): void;
}

/** What makes spans of requests. */
export interface Tracing extends AsyncDisposable {
  startRequest(request: {
    readonly method: string;
    /** Pattern of the route. */
    readonly endpoint: string;
    readonly parent: TraceContext | undefined;
    readonly plugin: string | undefined;
  }): RequestSpan;
}

/** Starts OpenTelemetry; its packages are loaded only then. Dispose sends what is left, and takes at most some seconds. */
export async function startTracing(options: TracingOptions): Promise<Tracing> {
  const [
    { OTLPTraceExporter },
    { resourceFromAttributes },
    { BatchSpanProcessor, ParentBasedSampler, TraceIdRatioBasedSampler, TracerProvider },
  ] = await Promise.all([
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/resources'),
    import('@opentelemetry/sdk-trace'),
  ]);
  const exporter = new OTLPTraceExporter({
    url: `${options.endpoint.replace(/\/+$/, '')}/v1/traces`,
    headers: Object.fromEntries(
      Object.entries(options.headers).map(([name, value]) => [name, value.reveal()]),
    ),
  });
  // Not registered as the process's provider: nothing else here is to make spans or to add headers.
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'orchestrall', 'service.version': options.version }),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(options.sampleRatio) }),
    spanProcessors: [new BatchSpanProcessor({ exporter })],
  });
  const tracer = provider.getTracer('orchestrall', options.version);
  return {
    startRequest: (request) => startRequest(tracer, request, options.environment),
    [Symbol.asyncDispose]: async () => provider.shutdown(),
  };
}

/** Attribute names of https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-server. */
function startRequest(
  tracer: Tracer,
  { method, endpoint, parent, plugin }: Parameters<Tracing['startRequest']>[0],
  environment: string,
): RequestSpan {
  const span = tracer.startSpan(
    `${method} ${endpoint}`,
    {
      kind: SpanKind.SERVER,
      attributes: {
        'http.request.method': method,
        'http.route': endpoint,
        'deployment.environment.name': environment,
        ...(plugin === undefined ? {} : { 'orchestrall.plugin': plugin }),
      },
    },
    contextOf(parent),
  );
  const { traceId, spanId, traceFlags } = span.spanContext();
  return {
    traceparent: formatTraceparent({
      traceId,
      parentId: spanId,
      sampled: (traceFlags & TraceFlags.SAMPLED) !== 0,
    }),
    end(status) {
      span.setAttribute('http.response.status_code', status);
      if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
      span.end();
    },
  };
}

function contextOf(parent: TraceContext | undefined): Context {
  if (parent === undefined) return ROOT_CONTEXT;
  const { traceId, parentId: spanId, sampled } = parent;
  const traceFlags = sampled ? TraceFlags.SAMPLED : TraceFlags.NONE;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true });
}
