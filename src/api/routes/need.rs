//! `GET /v1/need`

use axum::{Json, extract::State};
use tallykey_client::wire::Needs;

use crate::{
    api::{convert, error::ApiError},
    service::Service,
};

pub(in crate::api) async fn show(State(service): State<Service>) -> Result<Json<Needs>, ApiError> {
    let need = service.need().await?;
    Ok(Json(Needs {
        features: need.into_iter().map(convert::need).collect(),
    }))
}
