//! `/v1/conflict`

use axum::{Extension, Json, extract::State};
use tallykey_client::wire;

use crate::{
    api::{body::Body, convert, error::ApiError},
    service::{Kind, Principal, Service},
};

pub(in crate::api) async fn resolve(
    State(service): State<Service>,
    Extension(caller): Extension<Principal>,
    Body(asked): Body<wire::ResolveAsk>,
) -> Result<Json<wire::Resolution>, ApiError> {
    let keep = match asked.keep {
        wire::Keep::Dongle => Kind::Dongle,
        wire::Keep::Software => Kind::Software,
    };
    let done = service.resolve(&caller.actor, keep, asked.dry_run).await?;
    Ok(Json(convert::resolution(done, asked.dry_run, caller.role)))
}
