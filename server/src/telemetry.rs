//! The log, and the export of spans to a collector: OpenTelemetry, by OTLP over HTTP.
//!
//! One filter, the log's, comes before everything: a span below its level costs one check of
//! a flag, and more detail in the log means more detail in the exported spans.

use std::error::Error;
use std::fmt;
use std::io::IsTerminal as _;
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use opentelemetry::Context;
use opentelemetry::trace::{
    SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState, TracerProvider as _,
};
use opentelemetry_http::{HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tokio::runtime::Handle;
use trace::{Export, TraceParent, Traces};
use tracing::span::Id;
use tracing::{Dispatch, Span};
use tracing_opentelemetry::{OpenTelemetrySpanExt as _, get_otel_context};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::Layer as Log;
use tracing_subscriber::layer::{Layer, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::config::{LogArgs, LogFormat};

/// The timeout of one export of spans, and of the last one at shutdown.
const EXPORT_WITHIN: Duration = Duration::from_secs(3);

/// The maximum of a collector's response that is read.
const ANSWER_MAX_BYTES: usize = 64 * 1024;

/// Libraries that log much about successes; `BAEDAL_LOG` can still enable them.
const QUIET: &str = "graphile_worker_migrations=warn,sqlx::postgres::notice=warn";

/// The started telemetry; [`stop`](Self::stop) exports the last spans.
#[derive(Debug)]
pub(crate) struct Telemetry(Option<SdkTracerProvider>);

impl Telemetry {
    /// Starts the log and, if there is a collector, the export of spans, for the whole process.
    pub(crate) fn start(args: &LogArgs) -> Result<Self, Box<dyn Error>> {
        let filter = EnvFilter::try_new(format!("{QUIET},{}", args.log)).map_err(|error| {
            format!(
                "BAEDAL_LOG: {error}; expected a level, as info, or levels by module, as baedal=debug,store=warn"
            )
        })?;
        let provider = args.otlp_url.as_deref().map(provider).transpose()?;
        let tracer = provider.as_ref().map(|provider| provider.tracer("baedal"));
        let spans = tracer.map(|tracer| tracing_opentelemetry::layer().with_tracer(tracer));
        let traces = if spans.is_some() { Traces::exported(OpenTelemetry) } else { Traces::default() };
        tracing_subscriber::registry()
            .with(filter)
            .with(traces)
            .with(spans)
            .with(log(args.log_format))
            .init();
        Ok(Self(provider))
    }

    /// Waits until the remaining spans are exported, at most [`EXPORT_WITHIN`].
    pub(crate) async fn stop(self) {
        let Some(provider) = self.0 else { return };
        let stopped =
            tokio::task::spawn_blocking(move || provider.shutdown_with_timeout(EXPORT_WITHIN)).await;
        if !matches!(stopped, Ok(Ok(()))) {
            tracing::warn!(?stopped, "the last spans were not collected");
        }
    }
}

fn log<S>(format: LogFormat) -> Box<dyn Layer<S> + Send + Sync>
where
    S: tracing::Subscriber + for<'a> LookupSpan<'a>,
{
    let log = Log::default().with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal());
    match format {
        LogFormat::Text => log.boxed(),
        LogFormat::Json => log.json().boxed(),
    }
}

fn provider(collector: &str) -> Result<SdkTracerProvider, Box<dyn Error>> {
    let exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(Plain::new())
        .with_endpoint(format!("{}/v1/traces", collector.trim_end_matches('/')))
        .with_timeout(EXPORT_WITHIN)
        .build()?;
    let resource = Resource::builder().with_service_name("baedal").build();
    Ok(SdkTracerProvider::builder().with_resource(resource).with_batch_exporter(exporter).build())
}

/// Spans take their ids from OpenTelemetry's context.
struct OpenTelemetry;

impl Export for OpenTelemetry {
    fn adopt(&self, span: &Span, parent: Option<TraceParent>) {
        let Some(parent) = parent else { return };
        let flags = if parent.sampled { TraceFlags::SAMPLED } else { TraceFlags::default() };
        let (trace, span_id) = (TraceId::from(parent.trace), SpanId::from(parent.span));
        let remote = SpanContext::new(trace, span_id, flags, true, TraceState::default());
        // A span that is not exported has no parent to set.
        let _ = span.set_parent(Context::new().with_remote_span_context(remote));
    }

    fn of(&self, span: &Id, dispatch: &Dispatch) -> Option<TraceParent> {
        let context = get_otel_context(span, dispatch)?;
        let span = context.span().span_context().clone();
        span.is_valid().then(|| TraceParent {
            trace: u128::from_be_bytes(span.trace_id().to_bytes()),
            span: u64::from_be_bytes(span.span_id().to_bytes()),
            sampled: span.is_sampled(),
        })
    }
}

/// An HTTP client without TLS on the process's own runtime: the exporter's thread has none.
struct Plain {
    client: Client<HttpConnector, Body>,
    runtime: Handle,
}

impl Plain {
    fn new() -> Self {
        Self { client: Client::builder(TokioExecutor::new()).build_http(), runtime: Handle::current() }
    }
}

impl fmt::Debug for Plain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Plain")
    }
}

#[async_trait::async_trait]
impl HttpClient for Plain {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let client = self.client.clone();
        let asked = async move {
            let answer = client.request(request.map(Body::from)).await?;
            let (head, body) = answer.into_parts();
            Ok(Response::from_parts(head, to_bytes(Body::new(body), ANSWER_MAX_BYTES).await?))
        };
        // Spawned on the runtime, because the timeout needs its timer.
        self.runtime.spawn(async { tokio::time::timeout(EXPORT_WITHIN, asked).await }).await??
    }
}
