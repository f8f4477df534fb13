//! `/v1/conversions`

use axum::{Extension, Json, extract::State, http::StatusCode};
use base64ct::{Base64, Encoding as _};
use tallykey_client::wire;
use uuid::Uuid;

use crate::{
    api::{
        body::{Body, Id},
        convert::conversion,
        error::{ApiError, HttpRefusal},
    },
    licence::{Refusal, conversion::ConversionRefusal},
    service::{ConvertAsk, Gift, GiftWish, OwnerCode, Part, Principal, Service, ServiceError},
};

pub(in crate::api) async fn list(
    State(service): State<Service>,
    Extension(caller): Extension<Principal>,
) -> Result<Json<wire::Conversions>, ApiError> {
    let all = service.conversions().await?.into_iter();
    let conversions = all.map(|one| conversion::conversion(one, caller.role));
    Ok(Json(wire::Conversions {
        conversions: conversions.collect(),
    }))
}

pub(in crate::api) async fn show(
    State(service): State<Service>,
    Extension(caller): Extension<Principal>,
    Id(id): Id,
) -> Result<Json<wire::Conversion>, ApiError> {
    let mut all = service.conversions().await?.into_iter();
    let one = all.find(|one| one.id == id).ok_or_else(|| no_such(id))?;
    Ok(Json(conversion::conversion(one, caller.role)))
}

pub(in crate::api) async fn create(
    State(service): State<Service>,
    Extension(caller): Extension<Principal>,
    Body(asked): Body<wire::ConvertAsk>,
) -> Result<Json<wire::Converted>, ApiError> {
    let to = asked.to.map(|to| Base64::decode_vec(&to)).transpose();
    let to = to.map_err(|error| HttpRefusal::BadBody {
        reason: format!("to: {error}"),
    })?;
    let code = asked.owner_code.map(|wire::Secret(text)| {
        OwnerCode::parse(&text).ok_or(ServiceError::Refused(ConversionRefusal::NoCode.into()))
    });
    let part = |wire::Part { of, count }| Part { of, count };
    let ask = ConvertAsk {
        serial: asked.serial,
        wish: GiftWish {
            gift: match asked.gift {
                wire::Gift::Convert => Gift::Convert,
                wire::Gift::ConvertAtDesk => Gift::ConvertAtDesk,
                wire::Gift::Retire => Gift::Retire,
            },
            parts: asked.parts.into_iter().map(part).collect(),
        },
        to,
        code: code.transpose()?,
        dry_run: asked.dry_run,
    };
    let done = service.convert(&caller.actor, ask).await?;
    Ok(Json(conversion::converted(
        done,
        asked.dry_run,
        caller.role,
    )))
}

pub(in crate::api) async fn cancel(
    State(service): State<Service>,
    Extension(caller): Extension<Principal>,
    Id(id): Id,
) -> Result<StatusCode, ApiError> {
    service.cancel_conversion(&caller.actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(in crate::api) async fn acknowledge(
    State(service): State<Service>,
    Extension(caller): Extension<Principal>,
    Id(id): Id,
) -> Result<StatusCode, ApiError> {
    service.acknowledge_receipt(&caller.actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn no_such(id: Uuid) -> ServiceError {
    Refusal::from(ConversionRefusal::NoSuch { id }).into()
}
