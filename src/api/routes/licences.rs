//! `/v1/licences`

use axum::{Extension, Json, extract::State};
use base64ct::{Base64, Encoding as _};
use tallykey_client::wire;

use crate::{
    api::{
        body::{Body, Segment},
        convert,
        error::{ApiError, HttpRefusal},
    },
    service::{ImportItem, Imported, PoolChange, Principal, Service},
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

pub(in crate::api) async fn import(
    State(service): State<Service>,
    Extension(caller): Extension<Principal>,
    Body(asked): Body<wire::ImportAsk>,
) -> Result<Json<wire::ImportAnswer>, ApiError> {
    let content = Base64::decode_vec(&asked.content).map_err(|error| HttpRefusal::BadBody {
        reason: format!("content: {error}"),
    })?;
    if asked.accept_terms {
        service.accept_terms(&caller.actor).await?;
    }
    let items = service.import(&caller.actor, content).await?;
    Ok(Json(wire::ImportAnswer {
        items: items.into_iter().map(import_item).collect(),
    }))
}

fn import_item(item: ImportItem) -> wire::ImportItem {
    let (state, owner_code, problem) = match item.outcome {
        Ok(Imported::New) => (wire::ImportState::Imported, None, None),
        Ok(Imported::OwnerCode(code)) => (wire::ImportState::Imported, Some(code.0), None),
        Ok(Imported::Already) => (wire::ImportState::Already, None, None),
        Err(error) => {
            let problem = ApiError::from(error).problem();
            (wire::ImportState::Refused, None, Some(problem))
        }
    };
    wire::ImportItem {
        kind: item.kind.to_owned(),
        id: item.id,
        serial: item.serial,
        revision: item.revision,
        state,
        owner_code,
        problem,
    }
}

pub(in crate::api) async fn remove(
    State(service): State<Service>,
    Extension(caller): Extension<Principal>,
    Segment(id): Segment,
) -> Result<Json<wire::Licences>, ApiError> {
    service.remove_licence(&caller.actor, &id).await?;
    let licences = service.licences().await?;
    Ok(Json(convert::licences(&licences, caller.role)))
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
