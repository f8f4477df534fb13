//! One request and its answer.

use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::{
    Method, Request, Response, StatusCode,
    body::{Bytes, Incoming},
    header::{CONTENT_TYPE, HeaderValue},
};
use serde::{Serialize, de::DeserializeOwned};

use super::Client;
use crate::{
    ClientError, Problem,
    transport::{Connection, Unsent},
};

/// How long an unused connection is kept: half of the 10 s after which the service ends it.
pub(super) const IDLE_MAX: Duration = Duration::from_secs(5);

/// How long an answer may take. A durable answer takes milliseconds; a conversion waits up to half a minute for a person
/// at the dongle's button.
const ANSWER_MAX: Duration = Duration::from_secs(60);

/// A whole answer that is not a problem.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    body: Bytes,
}

impl Client {
    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ClientError> {
        let answer = self.call(Method::GET, path, None::<&()>).await?;
        self.read(&answer)
    }

    pub(super) async fn call<B: Serialize + ?Sized>(
        &self,
        method: Method,
        path: &str,
        body: Option<&B>,
    ) -> Result<Answer, ClientError> {
        let request = self.request(method, path, body);
        let answer = tokio::time::timeout(ANSWER_MAX, self.exchange(request))
            .await
            .map_err(|_| ClientError::TimedOut {
                place: self.endpoint.place(),
                after: ANSWER_MAX,
            })??;
        if answer.status.is_success() {
            Ok(answer)
        } else {
            let problem: Problem = self.read(&answer)?;
            Err(ClientError::Problem(Box::new(problem)))
        }
    }

    pub(super) fn read<T: DeserializeOwned>(&self, answer: &Answer) -> Result<T, ClientError> {
        serde_json::from_slice(&answer.body).map_err(|source| ClientError::NotTheService {
            place: self.endpoint.place(),
            status: answer.status.as_u16(),
            source,
        })
    }

    fn request<B: Serialize + ?Sized>(
        &self,
        method: Method,
        path: &str,
        body: Option<&B>,
    ) -> Request<Full<Bytes>> {
        let json = body.map(|body| {
            serde_json::to_vec(body).expect("wire types have string keys and finite numbers")
        });
        let has_body = json.is_some();
        let mut request = Request::new(Full::from(json.unwrap_or_default()));
        *request.method_mut() = method;
        *request.uri_mut() = path.parse().expect("paths are made of URI characters");
        if has_body {
            let json = HeaderValue::from_static("application/json");
            request.headers_mut().insert(CONTENT_TYPE, json);
        }
        self.endpoint.address(&mut request);
        request
    }

    /// Sends a request over an idle connection, or a new one if that has meanwhile ended
    /// before a byte was sent.
    async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<Answer, ClientError> {
        let mut request = request;
        if let Some(mut connection) = self.take_idle() {
            match connection.send(request).await {
                Ok(response) => return self.collect(connection, response).await,
                Err(Unsent {
                    request: Some(unsent),
                    ..
                }) => request = *unsent,
                Err(Unsent { error, .. }) => return Err(self.endpoint.lost(error)),
            }
        }
        let mut connection = self.endpoint.connect().await?;
        let response = connection
            .send(request)
            .await
            .map_err(|unsent| self.endpoint.lost(unsent.error))?;
        self.collect(connection, response).await
    }

    async fn collect(
        &self,
        connection: Connection,
        response: Response<Incoming>,
    ) -> Result<Answer, ClientError> {
        let status = response.status();
        let body = response.into_body().collect().await;
        let body = body.map_err(|error| self.endpoint.lost(error))?.to_bytes();
        self.keep(connection);
        Ok(Answer { status, body })
    }
}

/// Percent-encodes everything but unreserved characters (RFC 3986 §2.3).
pub(super) fn path_segment(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::path_segment;

    #[test]
    fn a_segment_cannot_leave_its_place() {
        assert_eq!(path_segment("TK-0001.a_b~"), "TK-0001.a_b~");
        assert_eq!(path_segment("../x?y#z %\n"), "..%2Fx%3Fy%23z%20%25%0A");
    }
}
