//! `GET /v1/status`

use axum::{Json, extract::State};
use tallykey_client::wire::Status;

use crate::{api::convert, service::Service};

pub(in crate::api) async fn show(State(service): State<Service>) -> Json<Status> {
    Json(convert::status(&service.snapshot()))
}
