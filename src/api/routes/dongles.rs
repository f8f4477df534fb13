//! `/v1/dongles`

use axum::{Extension, Json, extract::State, http::StatusCode};
use tallykey_client::wire::Dongles;

use crate::{
    api::{body::Segment, convert, error::ApiError},
    service::{Principal, Service},
};

pub(in crate::api) async fn list(State(service): State<Service>) -> Json<Dongles> {
    Json(Dongles {
        dongles: convert::dongles(&service.snapshot()),
    })
}

pub(in crate::api) async fn wink(
    State(service): State<Service>,
    Extension(caller): Extension<Principal>,
    Segment(serial): Segment,
) -> Result<StatusCode, ApiError> {
    service.wink(&caller.actor, &serial).await?;
    Ok(StatusCode::NO_CONTENT)
}
