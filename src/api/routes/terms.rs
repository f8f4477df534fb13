//! `/v1/terms`

use axum::{Json, extract::State};
use tallykey_client::wire;

use crate::{api::error::ApiError, service::Service};

pub(in crate::api) async fn show(
    State(service): State<Service>,
) -> Result<Json<wire::Terms>, ApiError> {
    let terms = service.terms().await?;
    Ok(Json(match terms {
        None => wire::Terms {
            accepted: true,
            profile_revision: None,
            sha256: None,
            text: None,
        },
        Some(terms) => wire::Terms {
            accepted: terms.accepted,
            profile_revision: Some(terms.profile_revision),
            sha256: Some(terms.digest),
            text: Some(terms.text),
        },
    }))
}
