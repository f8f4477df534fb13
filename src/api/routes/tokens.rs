//! `/v1/tokens`

use axum::{Extension, Json, extract::State, http::StatusCode};
use tallykey_client::wire;

use crate::{
    api::{
        body::{Body, Id},
        convert,
        error::ApiError,
    },
    service::{Principal, Service},
};

pub(in crate::api) async fn list(State(service): State<Service>) -> Json<wire::Tokens> {
    Json(wire::Tokens {
        tokens: service.tokens().into_iter().map(convert::token).collect(),
    })
}

pub(in crate::api) async fn create(
    State(service): State<Service>,
    Extension(caller): Extension<Principal>,
    Body(ask): Body<wire::TokenAsk>,
) -> Result<(StatusCode, Json<wire::NewToken>), ApiError> {
    let role = convert::role(ask.role);
    let made = service.create_token(&caller.actor, role, ask.label).await?;
    let answer = wire::NewToken {
        token: convert::token(made.token),
        secret: made.secret,
    };
    Ok((StatusCode::CREATED, Json(answer)))
}

pub(in crate::api) async fn revoke(
    State(service): State<Service>,
    Extension(caller): Extension<Principal>,
    Id(id): Id,
) -> Result<Json<wire::Token>, ApiError> {
    let revoked = service.revoke_token(&caller.actor, id).await?;
    Ok(Json(convert::token(revoked)))
}
