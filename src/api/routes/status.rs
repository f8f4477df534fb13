//! `GET /v1/status`
//!
//! Asked all day by every program of a site, so it is written out once for each published snapshot; only
//! its age differs from answer to answer.

use std::sync::{Arc, Mutex, PoisonError};

use axum::{
    extract::{Extension, State},
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};

use crate::{
    api::{convert, error::ApiError},
    service::{Service, Snapshot},
};

/// The last status that was written out.
#[derive(Debug, Default)]
pub(in crate::api) struct Page(Mutex<Option<Written>>);

#[derive(Debug)]
struct Written {
    of: Arc<Snapshot>,
    /// Up to its age.
    head: Arc<[u8]>,
}

pub(in crate::api) async fn show(
    State(service): State<Service>,
    Extension(page): Extension<Arc<Page>>,
) -> Result<Response, ApiError> {
    let snapshot = service.snapshot();
    let head = page.head(&snapshot).map_err(|_| ApiError::Panicked)?;
    let mut body = Vec::with_capacity(head.len() + AGE_MAX);
    body.extend_from_slice(&head);
    body.extend_from_slice(snapshot.age_ms().to_string().as_bytes());
    body.push(b'}');
    let json = HeaderValue::from_static("application/json");
    Ok(([(header::CONTENT_TYPE, json)], body).into_response())
}

/// Digits of the greatest age, and the brace behind it.
const AGE_MAX: usize = 21;

impl Page {
    /// The status of `snapshot` without its age and what follows, which is the last member.
    fn head(&self, snapshot: &Arc<Snapshot>) -> Result<Arc<[u8]>, serde_json::Error> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(written) = &*last
            && Arc::ptr_eq(&written.of, snapshot)
        {
            return Ok(Arc::clone(&written.head));
        }
        let mut status = convert::status(snapshot);
        status.age_ms = 0;
        let mut text = serde_json::to_vec(&status)?;
        text.truncate(text.len() - b"0}".len());
        let head: Arc<[u8]> = text.into();
        *last = Some(Written {
            of: Arc::clone(snapshot),
            head: Arc::clone(&head),
        });
        Ok(head)
    }
}
