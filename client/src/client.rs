//! The calls of the API.

mod call;

use base64ct::{Base64, Encoding as _};
use std::{
    sync::{Mutex, PoisonError},
    time::Instant,
};

use hyper::{Method, StatusCode};
use uuid::Uuid;

use crate::{
    ClientError, Endpoint,
    transport::Connection,
    wire::{
        Allocated, Allocation, AllocationChange, Allocations, Ask, BatchAnswer, Changed,
        ConflictAnswer, Conversion, Conversions, ConvertAsk, Converted, Dongles, HistoryPage,
        ImportAnswer, ImportAsk, Licences, LicencesChanged, LineChange, Move, Needs, NewToken,
        PolicyChange, Renewal, RequestAnswer, RequestAsk, Resolution, ResolveAsk, Status, Terms,
        Token, TokenAsk, Tokens,
    },
};

/// A service, spoken to over as many connections as there are calls at the same time.
///
/// Every call fails with a [`ClientError`]; its variant `Problem` is the service's own answer.
#[derive(Debug)]
pub struct Client {
    endpoint: Endpoint,
    idle: Mutex<Vec<(Instant, Connection)>>,
}

impl Client {
    /// Names a service; the first call connects.
    #[must_use]
    pub fn new(endpoint: Endpoint) -> Self {
        Self {
            endpoint,
            idle: Mutex::new(Vec::new()),
        }
    }

    /// Makes sure that something answers there, without asking anything; the next call uses
    /// that connection.
    pub async fn connect(&self) -> Result<(), ClientError> {
        let connection = self.endpoint.connect().await?;
        self.keep(connection);
        Ok(())
    }

    /// Counts per feature, dongles and their states.
    pub async fn status(&self) -> Result<Status, ClientError> {
        self.get("/v1/status").await
    }

    /// The lines that give channels.
    pub async fn licences(&self) -> Result<Licences, ClientError> {
        self.get("/v1/licences").await
    }

    /// What is needed now and in the coming subscription years.
    pub async fn need(&self) -> Result<Needs, ClientError> {
        self.get("/v1/need").await
    }

    /// Says which line pays first.
    pub async fn set_policy(&self, to: &PolicyChange) -> Result<LicencesChanged, ClientError> {
        let answer = self.call(Method::PATCH, "/v1/licences", Some(to)).await?;
        self.read(&answer)
    }

    /// Takes a line out of the pool or puts it back. `id` must be one in full that
    /// [`Client::licences`] named.
    pub async fn change_line(
        &self,
        id: &str,
        to: &LineChange,
    ) -> Result<LicencesChanged, ClientError> {
        let path = format!("/v1/licences/{}", call::path_segment(id));
        let answer = self.call(Method::PATCH, &path, Some(to)).await?;
        self.read(&answer)
    }

    /// The terms of the product, and whether somebody accepted them.
    pub async fn terms(&self) -> Result<Terms, ClientError> {
        self.get("/v1/terms").await
    }

    /// Imports the software licences of a file, whatever its name; with `accept_terms` the terms are accepted before.
    pub async fn import(
        &self,
        content: &[u8],
        accept_terms: bool,
    ) -> Result<ImportAnswer, ClientError> {
        let ask = ImportAsk {
            content: Base64::encode_string(content),
            accept_terms,
        };
        let answer = self.call(Method::POST, "/v1/licences", Some(&ask)).await?;
        self.read(&answer)
    }

    /// Takes a software licence away. `id` must be one in full that [`Client::licences`] named.
    pub async fn remove_licence(&self, id: &str) -> Result<Licences, ClientError> {
        let path = format!("/v1/licences/{}", call::path_segment(id));
        let answer = self.call(Method::DELETE, &path, None::<&()>).await?;
        self.read(&answer)
    }

    /// The conflict between dongle and software licences, if there is one, and what can be done about it.
    pub async fn conflict(&self) -> Result<ConflictAnswer, ClientError> {
        self.get("/v1/conflict").await
    }

    /// Makes one kind of source count and holds the other.
    pub async fn resolve(&self, ask: &ResolveAsk) -> Result<Resolution, ClientError> {
        let path = "/v1/conflict/resolve";
        let answer = self.call(Method::POST, path, Some(ask)).await?;
        self.read(&answer)
    }

    /// Has a dongle give channels away. It may take as long as a person needs to press the dongle's button.
    pub async fn convert(&self, ask: &ConvertAsk) -> Result<Converted, ClientError> {
        let answer = self
            .call(Method::POST, "/v1/conversions", Some(ask))
            .await?;
        self.read(&answer)
    }

    /// Every conversion: what is under way, then what was done.
    pub async fn conversions(&self) -> Result<Conversions, ClientError> {
        self.get("/v1/conversions").await
    }

    /// One conversion.
    pub async fn conversion(&self, id: Uuid) -> Result<Conversion, ClientError> {
        self.get(&format!("/v1/conversions/{id}")).await
    }

    /// Gives up a conversion that the dongle has not done.
    pub async fn cancel_conversion(&self, id: Uuid) -> Result<(), ClientError> {
        let path = format!("/v1/conversions/{id}");
        self.call(Method::DELETE, &path, None::<&()>)
            .await
            .map(drop)
    }

    /// Tells the dongle that a receipt which another host asked for is kept.
    pub async fn acknowledge_receipt(&self, id: Uuid) -> Result<(), ClientError> {
        let path = format!("/v1/conversions/{id}/acknowledge");
        self.call(Method::POST, &path, None::<&()>).await.map(drop)
    }

    /// Makes a request for the vendor's desk.
    pub async fn make_request(&self, ask: &RequestAsk) -> Result<RequestAnswer, ClientError> {
        let answer = self.call(Method::POST, "/v1/requests", Some(ask)).await?;
        self.read(&answer)
    }

    /// Every allocation, oldest first.
    pub async fn allocations(&self) -> Result<Allocations, ClientError> {
        self.get("/v1/allocations").await
    }

    /// The allocations of one device, named in any notation.
    pub async fn allocations_of(&self, device: &str) -> Result<Allocations, ClientError> {
        let device = call::path_segment(device);
        self.get(&format!("/v1/allocations?device={device}")).await
    }

    /// One allocation.
    pub async fn allocation(&self, id: Uuid) -> Result<Allocation, ClientError> {
        self.get(&format!("/v1/allocations/{id}")).await
    }

    /// Asks for the channels of one device; asking again gives the same allocation.
    pub async fn allocate(&self, ask: &Ask) -> Result<Allocated, ClientError> {
        let answer = self
            .call(Method::POST, "/v1/allocations", Some(ask))
            .await?;
        Ok(Allocated {
            created: answer.status == StatusCode::CREATED,
            allocation: self.read(&answer)?,
        })
    }

    /// Asks for many devices in one durable step: all are granted, or none.
    pub async fn allocate_all(&self, asks: &[Ask]) -> Result<BatchAnswer, ClientError> {
        let answer = self
            .call(Method::POST, "/v1/allocations/batch", Some(asks))
            .await?;
        self.read(&answer)
    }

    /// Frees the channels of an allocation at once.
    pub async fn release(&self, id: Uuid) -> Result<Allocation, ClientError> {
        let path = format!("/v1/allocations/{id}");
        let answer = self.call(Method::DELETE, &path, None::<&()>).await?;
        self.read(&answer)
    }

    /// Changes an allocation; it stays with its device.
    pub async fn change(&self, id: Uuid, to: &AllocationChange) -> Result<Changed, ClientError> {
        let path = format!("/v1/allocations/{id}");
        let answer = self.call(Method::PATCH, &path, Some(to)).await?;
        self.read(&answer)
    }

    /// Moves an allocation to another device, in one step.
    pub async fn move_to(&self, id: Uuid, to: &Move) -> Result<Changed, ClientError> {
        let path = format!("/v1/allocations/{id}/move");
        let answer = self.call(Method::POST, &path, Some(to)).await?;
        self.read(&answer)
    }

    /// Puts off the end of an allocation that is for a time.
    pub async fn renew(&self, id: Uuid, to: &Renewal) -> Result<Changed, ClientError> {
        let path = format!("/v1/allocations/{id}/renew");
        let answer = self.call(Method::POST, &path, Some(to)).await?;
        self.read(&answer)
    }

    /// Every plugged dongle.
    pub async fn dongles(&self) -> Result<Dongles, ClientError> {
        self.get("/v1/dongles").await
    }

    /// Blinks a dongle. `serial` must be one that [`Client::dongles`] named.
    pub async fn wink(&self, serial: &str) -> Result<(), ClientError> {
        let path = format!("/v1/dongles/{}/wink", call::path_segment(serial));
        self.call(Method::POST, &path, None::<&()>).await?;
        Ok(())
    }

    /// At most `limit` history entries whose sequence number is above `after`.
    pub async fn history(&self, after: u64, limit: u32) -> Result<HistoryPage, ClientError> {
        self.get(&format!("/v1/history?after={after}&limit={limit}"))
            .await
    }

    /// Makes a bearer token; its secret is shown only now.
    pub async fn create_token(&self, ask: &TokenAsk) -> Result<NewToken, ClientError> {
        let answer = self.call(Method::POST, "/v1/tokens", Some(ask)).await?;
        self.read(&answer)
    }

    /// Every token, without its secret.
    pub async fn tokens(&self) -> Result<Tokens, ClientError> {
        self.get("/v1/tokens").await
    }

    /// Revokes a token: its bearer is refused from now on.
    pub async fn revoke_token(&self, id: Uuid) -> Result<Token, ClientError> {
        let path = format!("/v1/tokens/{id}");
        let answer = self.call(Method::DELETE, &path, None::<&()>).await?;
        self.read(&answer)
    }

    /// Takes a connection that the service has certainly not given up yet.
    fn take_idle(&self) -> Option<Connection> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|(since, _)| since.elapsed() < call::IDLE_MAX);
        idle.pop().map(|(_, connection)| connection)
    }

    fn keep(&self, connection: Connection) {
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push((Instant::now(), connection));
    }
}
