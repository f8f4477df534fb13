//! `GET /v1/licences`

use axum::{Extension, Json, extract::State};
use tallykey_client::wire::Licences;

use crate::{
    api::convert,
    service::{Principal, Service},
};

pub(in crate::api) async fn list(
    State(service): State<Service>,
    Extension(caller): Extension<Principal>,
) -> Json<Licences> {
    let snapshot = service.snapshot();
    let lines = snapshot.lines.iter();
    Json(Licences {
        lines: lines.map(|line| convert::line(line, caller.role)).collect(),
    })
}
