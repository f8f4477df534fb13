//! `/v1/requests`

use axum::{Extension, Json, extract::State};
use tallykey_client::wire;

use crate::{
    api::{body::Body, convert, error::ApiError},
    service::{Principal, RequestAsk, Service},
};

pub(in crate::api) async fn create(
    State(service): State<Service>,
    Extension(caller): Extension<Principal>,
    Body(asked): Body<wire::RequestAsk>,
) -> Result<Json<wire::RequestAnswer>, ApiError> {
    let ask = RequestAsk {
        purpose: asked.purpose.map(convert::purpose),
        channels: asked.channels,
        dry_run: asked.dry_run,
    };
    let made = service.make_request(&caller.actor, ask).await?;
    Ok(Json(convert::request(made)))
}
