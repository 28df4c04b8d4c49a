//! Trace context: which request, frame or job caused the current work.
//!
//! Every request, frame or job opens a span ([`begin`]) that starts a new trace or continues
//! the one from its header or job. All work for it runs inside that span, so that each log
//! line has the trace id. Outgoing requests and jobs carry the trace ([`current`]) in the
//! W3C's `traceparent` format (<https://www.w3.org/TR/trace-context/>). `server` installs
//! [`Traces`]; without it there are no traces.

use std::fmt;
use std::str::FromStr;

use tracing::span::Id;
use tracing::{Dispatch, Span, Subscriber};
use tracing_subscriber::registry::{LookupSpan, Registry};

/// A trace, and its span that is the parent of further work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceParent {
    /// The trace id; not zero.
    pub trace: u128,
    /// The span id; not zero.
    pub span: u64,
    /// Whether the caller may have recorded the trace (the `sampled` flag).
    pub sampled: bool,
}

/// The text is not a `traceparent`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no traceparent")]
pub struct NoTraceParent;

impl TraceParent {
    /// A new trace, from random bytes.
    pub fn fresh(random: [u8; 32]) -> Self {
        let [trace, rest] = [&random[..16], &random[16..24]];
        let number = |bytes: &[u8]| bytes.iter().fold(0u128, |sum, byte| sum << 8 | u128::from(*byte));
        #[expect(clippy::cast_possible_truncation, reason = "eight bytes fit")]
        let span = number(rest) as u64;
        Self { trace: number(trace).max(1), span: span.max(1), sampled: true }
    }
}

impl FromStr for TraceParent {
    type Err = NoTraceParent;

    /// Also accepts unknown versions that begin with the fields of version 00.
    fn from_str(text: &str) -> Result<Self, NoTraceParent> {
        let known = text.get(..55).ok_or(NoTraceParent)?;
        let more = &text[55..];
        let mut parts = known.split('-');
        let mut hex = |digits: usize| {
            let part = parts.next().filter(|part| part.len() == digits)?;
            let is_hex = part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
            u128::from_str_radix(part, 16).ok().filter(|_| is_hex)
        };
        let read = (hex(2), hex(32), hex(16), hex(2));
        let (Some(version), Some(trace), Some(span), Some(flags)) = read else { return Err(NoTraceParent) };
        let fits = if version == 0 { more.is_empty() } else { more.is_empty() || more.starts_with('-') };
        let span = u64::try_from(span).map_err(|_| NoTraceParent)?;
        if version == 0xff || trace == 0 || span == 0 || !fits {
            return Err(NoTraceParent);
        }
        Ok(Self { trace, span, sampled: flags & 1 == 1 })
    }
}

impl fmt::Display for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{:032x}-{:016x}-{:02x}", self.trace, self.span, u8::from(self.sampled))
    }
}

/// Exports spans to a collector. The exporter assigns their trace and span ids.
pub trait Export: Send + Sync + 'static {
    /// Makes the span continue the trace of `parent`, or start a new trace without one.
    fn adopt(&self, span: &Span, parent: Option<TraceParent>);

    /// The trace to which the span belongs.
    fn of(&self, span: &Id, dispatch: &Dispatch) -> Option<TraceParent>;
}

/// A layer of the process's subscriber that knows the trace of every span.
#[derive(Default)]
pub struct Traces {
    export: Option<Box<dyn Export>>,
}

impl Traces {
    /// A layer that also exports spans to `export`.
    pub fn exported(export: impl Export) -> Self {
        Self { export: Some(Box::new(export)) }
    }

    fn of(&self, span: &Id, dispatch: &Dispatch) -> Option<TraceParent> {
        match &self.export {
            Some(export) => export.of(span, dispatch),
            None => {
                let span = dispatch.downcast_ref::<Registry>()?.span(span)?;
                span.scope().find_map(|span| span.extensions().get::<TraceParent>().copied())
            }
        }
    }

    fn begin(
        &self,
        (span, id, dispatch): (&Span, &Id, &Dispatch),
        parent: Option<TraceParent>,
        fresh: impl FnOnce() -> TraceParent,
    ) -> Option<TraceParent> {
        match &self.export {
            Some(export) => export.adopt(span, parent),
            None => {
                let trace = parent.unwrap_or_else(fresh);
                dispatch.downcast_ref::<Registry>()?.span(id)?.extensions_mut().replace(trace);
            }
        }
        self.of(id, dispatch)
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> tracing_subscriber::Layer<S> for Traces {}

/// Makes `span` continue the trace of `parent`, or start a `fresh` one. Records the trace id
/// in its field `trace_id`, which must be declared. `None` if the span is not enabled or
/// [`Traces`] is not installed.
pub fn begin(
    span: &Span,
    parent: Option<TraceParent>,
    fresh: impl FnOnce() -> TraceParent,
) -> Option<TraceParent> {
    let begun = span.with_subscriber(|(id, dispatch)| {
        dispatch.downcast_ref::<Traces>()?.begin((span, id, dispatch), parent, fresh)
    });
    let trace = begun.flatten()?;
    span.record("trace_id", tracing::field::display(format_args!("{:032x}", trace.trace)));
    Some(trace)
}

/// The trace of the current span, if any.
pub fn current() -> Option<TraceParent> {
    let of = |(id, dispatch): (&Id, &Dispatch)| dispatch.downcast_ref::<Traces>()?.of(id, dispatch);
    Span::current().with_subscriber(of).flatten()
}

#[cfg(test)]
mod tests {
    use tracing::info_span;
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;

    const GIVEN: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn a_traceparent_is_read_and_written_as_the_standard_has_it() {
        let read: TraceParent = GIVEN.parse().unwrap();
        assert_eq!((read.span, read.sampled), (0x00f0_67aa_0ba9_02b7, true));
        assert_eq!(read.to_string(), GIVEN);
        for later in [
            "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-comes-later",
            &GIVEN.replace("00-4", "01-4"),
        ] {
            assert_eq!(later.parse::<TraceParent>(), Ok(read), "{later}");
        }
    }

    #[test]
    fn what_is_no_traceparent_is_refused() {
        for hostile in [
            "",
            "00",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-+bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e473\n-00f067aa0ba902b7-01",
            "00-가나다라마바사아자차카타파하가나-00f067aa0ba902b7-01",
        ] {
            assert_eq!(hostile.parse::<TraceParent>(), Err(NoTraceParent), "{hostile:?}");
        }
    }

    #[test]
    fn work_inside_a_span_is_of_its_trace_and_work_outside_of_none() {
        let subscriber = tracing_subscriber::registry().with(Traces::default());
        tracing::subscriber::with_default(subscriber, || {
            let fresh = || TraceParent::fresh([7; 32]);
            let cause = info_span!("request", trace_id = tracing::field::Empty);
            assert_eq!(begin(&cause, None, fresh), Some(fresh()));
            let inner = cause.in_scope(|| info_span!("commit").in_scope(current));
            assert_eq!((inner, current()), (Some(fresh()), None));
            let given = GIVEN.parse().unwrap();
            let effect = info_span!("job", trace_id = tracing::field::Empty);
            assert_eq!(begin(&effect, Some(given), fresh), Some(given));
            assert_eq!(effect.in_scope(current), Some(given));
        });
    }

    #[test]
    fn without_anybody_who_listens_there_is_no_trace() {
        let span = info_span!("request", trace_id = tracing::field::Empty);
        assert_eq!(begin(&span, None, || unreachable!()), None);
        assert_eq!(span.in_scope(current), None);
    }
}
