//! `/v1/allocations`

use axum::{Extension, Json, extract::State, http::StatusCode};
use serde::Deserialize;
use tallykey_client::wire;

use crate::{
    api::{
        body::{Asked, Body, Id},
        convert,
        error::ApiError,
    },
    ledger::DeviceId,
    service::{Change, Principal, Relocation, Service, ServiceError, Wish},
};

/// Which allocations to list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Wanted {
    device: Option<String>,
}

pub(in crate::api) async fn list(
    State(service): State<Service>,
    Extension(caller): Extension<Principal>,
    Asked(wanted): Asked<Wanted>,
) -> Result<Json<wire::Allocations>, ApiError> {
    let device = wanted.device.as_deref().map(DeviceId::parse).transpose();
    let device = device.map_err(ServiceError::from)?;
    let mut allocations = service.allocations().await?;
    if let Some(device) = device {
        allocations.retain(|allocation| allocation.device == device.as_str());
    }
    Ok(Json(wire::Allocations {
        allocations: convert::allocations(allocations, caller.role),
    }))
}

pub(in crate::api) async fn create(
    State(service): State<Service>,
    Extension(caller): Extension<Principal>,
    Body(ask): Body<wire::Ask>,
) -> Result<(StatusCode, Json<wire::Allocation>), ApiError> {
    let done = service.allocate(&caller.actor, convert::ask(ask)).await?;
    let allocation = convert::allocation(done.allocation, caller.role);
    Ok((created(done.created), Json(allocation)))
}

pub(in crate::api) async fn create_all(
    State(service): State<Service>,
    Extension(caller): Extension<Principal>,
    Body(asks): Body<Vec<wire::Ask>>,
) -> Result<(StatusCode, Json<wire::BatchAnswer>), ApiError> {
    let asks = asks.into_iter().map(convert::ask).collect();
    let allocations: Vec<_> = service
        .allocate_all(&caller.actor, asks)
        .await?
        .into_iter()
        .map(|done| wire::BatchAllocated {
            allocation: convert::allocation(done.allocation, caller.role),
            created: done.created,
        })
        .collect();
    let new = allocations.iter().filter(|done| done.created).count();
    let answer = wire::BatchAnswer {
        created: new,
        existing: allocations.len() - new,
        allocations,
    };
    Ok((created(new > 0), Json(answer)))
}

pub(in crate::api) async fn show(
    State(service): State<Service>,
    Extension(caller): Extension<Principal>,
    Id(id): Id,
) -> Result<Json<wire::Allocation>, ApiError> {
    let allocation = service.allocation(id).await?;
    Ok(Json(convert::allocation(allocation, caller.role)))
}

pub(in crate::api) async fn release(
    State(service): State<Service>,
    Extension(caller): Extension<Principal>,
    Id(id): Id,
) -> Result<Json<wire::Allocation>, ApiError> {
    let released = service.release(&caller.actor, id).await?;
    Ok(Json(convert::allocation(released, caller.role)))
}

pub(in crate::api) async fn change(
    State(service): State<Service>,
    Extension(caller): Extension<Principal>,
    Id(id): Id,
    Body(asked): Body<wire::AllocationChange>,
) -> Result<Json<wire::Changed>, ApiError> {
    let dry_run = asked.dry_run;
    let wish = Wish {
        priority: asked.priority,
        line: asked.line,
    };
    let done = service.change(&caller.actor, id, Change::Set(wish), dry_run);
    Ok(Json(convert::changed(done.await?, dry_run, caller.role)))
}

pub(in crate::api) async fn move_to(
    State(service): State<Service>,
    Extension(caller): Extension<Principal>,
    Id(id): Id,
    Body(asked): Body<wire::Move>,
) -> Result<Json<wire::Changed>, ApiError> {
    let dry_run = asked.dry_run;
    let to = Relocation {
        device: asked.device,
        model: asked.model,
    };
    let done = service.change(&caller.actor, id, Change::Move(to), dry_run);
    Ok(Json(convert::changed(done.await?, dry_run, caller.role)))
}

pub(in crate::api) async fn renew(
    State(service): State<Service>,
    Extension(caller): Extension<Principal>,
    Id(id): Id,
    Body(asked): Body<wire::Renewal>,
) -> Result<Json<wire::Changed>, ApiError> {
    let (renew, dry_run) = (Change::Renew(asked.ttl), asked.dry_run);
    let done = service.change(&caller.actor, id, renew, dry_run).await?;
    Ok(Json(convert::changed(done, dry_run, caller.role)))
}

const fn created(new: bool) -> StatusCode {
    if new {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    }
}
