//! JSON bodies and other parts of a request, each refusal a problem.

use std::time::Duration;

use axum::{
    body::to_bytes,
    extract::{FromRequest, FromRequestParts, Path, Query, Request},
    http::{HeaderMap, header, request::Parts},
};
use serde::de::DeserializeOwned;
use serde_json::error::Category;
use uuid::Uuid;

use super::error::{ApiError, HttpRefusal};

/// How long a body may take: a large batch over a local connection takes milliseconds.
const BODY_TIME: Duration = Duration::from_secs(10);

/// Most bytes of a body, carried by the request of each route.
#[derive(Debug, Clone, Copy)]
pub(super) struct BodyMax(pub(super) usize);

/// A JSON body within the route's limit.
pub(super) struct Body<T>(pub(super) T);

impl<T: DeserializeOwned, S: Sync> FromRequest<S> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let headers = request.headers();
        require_json(headers)?;
        let BodyMax(max) = request.extensions().get().copied().unwrap_or(BodyMax(0));
        // Told before the body is read, so that a client that waits for 100 need not send it.
        let declared = headers
            .get(header::CONTENT_LENGTH)
            .and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
        if declared.is_some_and(|declared| declared > max) {
            return Err(HttpRefusal::BodyTooLarge { max }.into());
        }
        let bytes = tokio::time::timeout(BODY_TIME, to_bytes(request.into_body(), max))
            .await
            .map_err(|_| HttpRefusal::BodyTooSlow {
                seconds: BODY_TIME.as_secs(),
            })?
            // The other cause is a connection that broke: nobody reads that answer.
            .map_err(|_| HttpRefusal::BodyTooLarge { max })?;
        let value = serde_json::from_slice(&bytes).map_err(|error| match error.classify() {
            Category::Data => HttpRefusal::BadBody {
                reason: error.to_string(),
            },
            Category::Io | Category::Syntax | Category::Eof => HttpRefusal::BadJson {
                reason: error.to_string(),
            },
        })?;
        Ok(Self(value))
    }
}

/// A form of a foreign web page cannot send this type without asking first (Fetch, CORS
/// preflight), so it is required and not guessed.
fn require_json(headers: &HeaderMap) -> Result<(), HttpRefusal> {
    let found = headers
        .get(header::CONTENT_TYPE)
        .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    let essence = found.as_deref().and_then(|f| f.split(';').next());
    if essence.is_some_and(|e| e.trim().eq_ignore_ascii_case("application/json")) {
        Ok(())
    } else {
        Err(HttpRefusal::NotJson { found })
    }
}

/// A UUID in the path.
pub(super) struct Id(pub(super) Uuid);

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Segment(value) = Segment::from_request_parts(parts, state).await?;
        Uuid::try_parse(&value)
            .map(Self)
            .map_err(|_| HttpRefusal::BadId { value }.into())
    }
}

/// Text in the path.
pub(super) struct Segment(pub(super) String);

impl<S: Send + Sync> FromRequestParts<S> for Segment {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        // The one way to fail is a segment that is not UTF-8.
        path.map(|Path(value)| Self(value)).map_err(|_| {
            let value = parts.uri.path().to_owned();
            HttpRefusal::BadId { value }.into()
        })
    }
}

/// The query string.
pub(super) struct Asked<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match Query::<T>::from_request_parts(parts, state).await {
            Ok(Query(value)) => Ok(Self(value)),
            Err(rejection) => {
                let reason = rejection.body_text();
                Err(HttpRefusal::BadQuery { reason }.into())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        convert::Infallible,
        pin::Pin,
        task::{Context, Poll},
    };

    use axum::{body::Body as AxumBody, response::IntoResponse};
    use hyper::body::{Bytes, Frame};

    use super::*;

    /// A body that is promised and does not come.
    struct Promised;

    impl hyper::body::Body for Promised {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            Poll::Pending
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a10_a_body_that_does_not_come_is_given_up() {
        let mut request = Request::new(AxumBody::new(Promised));
        let json = header::HeaderValue::from_static("application/json");
        request.headers_mut().insert(header::CONTENT_TYPE, json);
        request.extensions_mut().insert(BodyMax(100));
        let begun = tokio::time::Instant::now();
        let given_up = Body::<u8>::from_request(request, &()).await.err();
        let answer = given_up.expect("given up").into_response();
        assert_eq!(answer.status(), 408);
        assert_eq!(begun.elapsed().as_secs(), BODY_TIME.as_secs());
    }
}
