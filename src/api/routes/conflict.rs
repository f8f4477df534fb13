//! `/v1/conflict`

use axum::{Extension, Json, extract::State};
use tallykey_client::wire;

use crate::{
    api::{body::Body, convert, error::ApiError},
    licence::Refusal,
    service::{Kind, Principal, Service, ServiceError},
};

/// The dry run of every choice. A choice between two of which one has just gone is none any more.
pub(in crate::api) async fn show(
    State(service): State<Service>,
    Extension(caller): Extension<Principal>,
) -> Result<Json<wire::ConflictAnswer>, ApiError> {
    let snapshot = service.snapshot();
    let Some(held) = snapshot.held else {
        return Ok(Json(convert::conflict(None, Vec::new())));
    };
    let mut kept = Vec::new();
    for kind in Kind::ALL {
        match service.resolve(&caller.actor, kind, true).await {
            Ok(outcome) => {
                let outcome = convert::resolution(outcome, true, caller.role);
                kept.push((kind, outcome));
            }
            Err(ServiceError::Refused(Refusal::NothingToKeep { .. })) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let conflict = convert::standing::conflict(&snapshot, held);
    Ok(Json(convert::conflict(Some(conflict), kept)))
}

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
