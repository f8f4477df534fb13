//! `/healthz` and `/readyz`: open to everybody, so they say nothing but yes or no.

use axum::{Json, extract::State};
use serde_json::{Value, json};

use crate::{api::error::ApiError, service::Service};

/// The service confirms its facts about every second; this much later it is stuck.
const STALE_MS: u64 = 10_000;

pub(in crate::api) async fn alive() -> Json<Value> {
    Json(json!({ "alive": true }))
}

pub(in crate::api) async fn ready(State(service): State<Service>) -> Result<Json<Value>, ApiError> {
    let snapshot = service.snapshot();
    if let Some(code) = snapshot.broken {
        return Err(ApiError::NotReady {
            detail: format!("the service cannot answer requests now: {code}"),
        });
    }
    let age = snapshot.age_ms();
    if age > STALE_MS {
        return Err(ApiError::NotReady {
            detail: format!("the service has not moved for {} s", age / 1_000),
        });
    }
    Ok(Json(json!({ "ready": true })))
}
