//! `/v1/licences`

use axum::{Extension, Json, extract::State};
use tallykey_client::wire;

use crate::{
    api::{
        body::{Body, Segment},
        convert,
        error::ApiError,
    },
    service::{PoolChange, Principal, Service},
};

pub(in crate::api) async fn list(
    State(service): State<Service>,
    Extension(caller): Extension<Principal>,
) -> Result<Json<wire::Licences>, ApiError> {
    let licences = service.licences().await?;
    Ok(Json(convert::licences(&licences, caller.role)))
}

pub(in crate::api) async fn set_policy(
    State(service): State<Service>,
    Extension(caller): Extension<Principal>,
    Body(asked): Body<wire::PolicyChange>,
) -> Result<Json<wire::LicencesChanged>, ApiError> {
    let change = PoolChange::Policy(convert::policy(asked.policy));
    change_pool(&service, &caller, change, asked.dry_run).await
}

pub(in crate::api) async fn change_line(
    State(service): State<Service>,
    Extension(caller): Extension<Principal>,
    Segment(line): Segment,
    Body(asked): Body<wire::LineChange>,
) -> Result<Json<wire::LicencesChanged>, ApiError> {
    let change = if asked.parked {
        PoolChange::Park(line)
    } else {
        PoolChange::Unpark(line)
    };
    change_pool(&service, &caller, change, asked.dry_run).await
}

async fn change_pool(
    service: &Service,
    caller: &Principal,
    change: PoolChange,
    dry_run: bool,
) -> Result<Json<wire::LicencesChanged>, ApiError> {
    let done = service.change_pool(&caller.actor, change, dry_run).await?;
    Ok(Json(convert::pool_changed(done, dry_run, caller.role)))
}
