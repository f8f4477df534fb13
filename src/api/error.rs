//! Every error answer: what happened, as RFC 9457 problem details with a stable code.

mod code;
mod http;

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value, json};
use tallykey_client::{PROBLEM_JSON, Problem};

use crate::{
    licence::{IssuedRefusal, Refusal, conversion::ConversionRefusal},
    service::{BatchError, Fault, ServiceError},
};

pub use code::{CODES, Code};
pub(super) use http::HttpRefusal;

/// Why a request has no good answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum ApiError {
    /// The request did not get as far as the service.
    #[error(transparent)]
    Http(#[from] HttpRefusal),
    /// A rule said no.
    #[error("{refusal}")]
    Refused {
        refusal: Refusal,
        /// Place in the batch, from 0.
        index: Option<usize>,
    },
    /// The service broke.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// The service answers, and is not able to do its work.
    #[error("{detail}")]
    NotReady { detail: String },
    /// A handler panicked; what it said is in the log only.
    #[error("the service made a mistake and could not answer")]
    Panicked,
}

impl From<ServiceError> for ApiError {
    fn from(error: ServiceError) -> Self {
        BatchError {
            index: None,
            error: Box::new(error),
        }
        .into()
    }
}

impl From<BatchError> for ApiError {
    fn from(BatchError { index, error }: BatchError) -> Self {
        match *error {
            ServiceError::Refused(refusal) => Self::Refused { refusal, index },
            ServiceError::Fault(fault) => Self::Fault(fault),
        }
    }
}

impl ApiError {
    fn code(&self) -> &'static Code {
        match self {
            Self::Http(refusal) => refusal.code(),
            Self::Refused { refusal, .. } => code::of_refusal(refusal),
            Self::Fault(fault) => code::of_fault(fault),
            Self::NotReady { .. } => &code::NOT_READY,
            Self::Panicked => &code::INTERNAL,
        }
    }

    fn next(&self) -> String {
        match self {
            Self::Http(refusal) => refusal.next(),
            Self::Refused { refusal, .. } => refusal.next(),
            Self::Fault(fault) => fault.next().to_owned(),
            Self::NotReady { .. } => "look into the service's log, then ask again".to_owned(),
            Self::Panicked => {
                "send the service's log to the vendor; the request may be sent again".to_owned()
            }
        }
    }

    fn facts(&self) -> Map<String, Value> {
        let Self::Refused { refusal, index } = self else {
            return Map::new();
        };
        let mut facts = match facts_of(refusal) {
            Value::Object(facts) => facts,
            _ => Map::new(),
        };
        if let Some(index) = index {
            facts.insert("index".to_owned(), json!(index));
        }
        facts
    }

    pub(super) fn problem(&self) -> Problem {
        let code = self.code();
        Problem {
            kind: Problem::type_of(code.name),
            title: code.title.to_owned(),
            status: code.status,
            detail: self.to_string(),
            code: code.name.to_owned(),
            class: code.class.to_owned(),
            next: self.next(),
            facts: self.facts(),
        }
    }
}

/// Extension members (RFC 9457 §3.2): what a program needs to act on a refusal.
fn facts_of(refusal: &Refusal) -> Value {
    match refusal {
        Refusal::NoChannelLeft {
            device,
            feature,
            needed,
            counts,
        } => json!({
            "device": device, "feature": feature, "needed": needed, "owned": counts.owned,
            "free": counts.free, "free_used": counts.free_used, "used": counts.used,
            "available": counts.available, "suspended": counts.suspended,
            "parked": counts.parked, "before": counts.before,
        }),
        Refusal::BadDeviceId { value, .. }
        | Refusal::BadModel { value }
        | Refusal::BadLabel { value } => json!({ "value": value }),
        Refusal::TermsNotAccepted { profile_revision } => {
            json!({ "profile_revision": profile_revision })
        }
        Refusal::UnknownFeature { feature, known } => json!({ "value": feature, "known": known }),
        Refusal::WeightChanged {
            device,
            feature,
            allocation,
            was,
            now,
        } => json!({
            "device": device, "feature": feature, "allocation": allocation, "was": was, "now": now,
        }),
        Refusal::DeviceHolds {
            device,
            feature,
            allocation,
        } => json!({ "device": device, "feature": feature, "allocation": allocation }),
        Refusal::NoSuchLine { line } | Refusal::FreeChannels { line } => json!({ "line": line }),
        Refusal::LineCannotPay { line, device, .. } => json!({ "line": line, "device": device }),
        Refusal::BatchTooLarge { count, max } => json!({ "count": count, "max": max }),
        Refusal::DongleNotOpen { serial, state } => json!({ "serial": serial, "state": state }),
        Refusal::NoSuchDongle { serial } => json!({ "serial": serial }),
        Refusal::NoSuchAllocation { id }
        | Refusal::NotForATime { id }
        | Refusal::NoSuchToken { id } => json!({ "id": id }),
        Refusal::BadTtl { ttl, min, max } => json!({ "ttl": ttl, "min": min, "max": max }),
        Refusal::NoSuchLicence { id } => json!({ "id": id }),
        Refusal::NotALicence { kind } => json!({ "kind": kind.name() }),
        Refusal::NothingToKeep { kind } => json!({ "kind": kind }),
        Refusal::Issued(IssuedRefusal::DongleNotHere { serial })
        | Refusal::Issued(IssuedRefusal::Dongle { serial, .. }) => json!({ "serial": serial }),
        Refusal::Issued(_) => json!({}),
        Refusal::RequestTooLarge { max } => json!({ "max": max }),
        Refusal::Conversion(refusal) => facts_of_conversion(refusal),
        Refusal::Licence(_)
        | Refusal::CannotBind(_)
        | Refusal::DamagedFile { .. }
        | Refusal::NothingToConfirm => json!({}),
    }
}

fn facts_of_conversion(refusal: &ConversionRefusal) -> Value {
    match refusal {
        ConversionRefusal::WhichDongle { serials } => json!({ "serials": serials }),
        ConversionRefusal::NotEnough { of, wanted, there } => {
            json!({ "of": of, "wanted": wanted, "there": there })
        }
        ConversionRefusal::UnderWay { id }
        | ConversionRefusal::NoSuch { id }
        | ConversionRefusal::Done { id } => json!({ "id": id }),
        ConversionRefusal::WrongCode { left } => json!({ "tries_left": left }),
        _ => json!({}),
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let code = self.code();
        if code.status >= 500 {
            let source = std::error::Error::source(&self).map(ToString::to_string);
            tracing::error!(code = code.name, source, "{self}");
        }
        let status = StatusCode::from_u16(code.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(self.problem())).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        if status == StatusCode::UNAUTHORIZED {
            // RFC 9110 §11.6.1, RFC 6750 §3.
            headers.insert(
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static("Bearer realm=\"tallykey\""),
            );
        }
        response
    }
}
