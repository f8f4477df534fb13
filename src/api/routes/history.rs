//! `GET /v1/history`

use axum::{Extension, Json, extract::State};
use serde::Deserialize;
use tallykey_client::wire::HistoryPage;

use crate::{
    api::{
        body::Asked,
        convert,
        error::{ApiError, HttpRefusal},
    },
    service::{HISTORY_PAGE_MAX, Principal, Service},
};

/// What fits a screen or two.
const LIMIT: u32 = 100;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Window {
    #[serde(default)]
    after: u64,
    limit: Option<u32>,
}

pub(in crate::api) async fn list(
    State(service): State<Service>,
    Extension(caller): Extension<Principal>,
    Asked(window): Asked<Window>,
) -> Result<Json<HistoryPage>, ApiError> {
    let limit = window.limit.unwrap_or(LIMIT);
    if !(1..=HISTORY_PAGE_MAX).contains(&limit) {
        return Err(HttpRefusal::BadQuery {
            reason: format!("limit is {limit} and must be 1 to {HISTORY_PAGE_MAX}"),
        }
        .into());
    }
    let entries = service.history(window.after, limit).await?;
    Ok(Json(HistoryPage {
        entries: entries
            .into_iter()
            .map(|entry| convert::history_entry(entry, caller.role))
            .collect(),
    }))
}
