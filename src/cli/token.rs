//! `tallykey token`

use clap::{Subcommand, ValueEnum};
use tallykey_client::wire::{NewToken, Role, TokenAsk};
use uuid::Uuid;

use super::{
    connect::Connection,
    failure::Failure,
    screen::Screen,
    table::{Column, Rows, Tone},
    text::plain,
};

/// What to do with bearer tokens.
#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Make a token; its secret is shown this once.
    Create {
        /// What its bearer may do.
        #[arg(long, value_enum)]
        role: RoleName,
        /// What it is for.
        #[arg(long, default_value = "made on the command line")]
        label: String,
    },
    /// List the tokens that are not revoked.
    List,
    /// Make a token void at once.
    Revoke {
        /// Id of the token.
        id: Uuid,
    },
}

/// Roles as arguments.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum RoleName {
    /// Read.
    Viewer,
    /// Allocate and release.
    Client,
    /// Everything.
    Admin,
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::Viewer => Self::Viewer,
            RoleName::Client => Self::Client,
            RoleName::Admin => Self::Admin,
        }
    }
}

pub(super) async fn run(
    command: TokenCommand,
    service: &Connection,
    screen: &Screen,
) -> Result<(), Failure> {
    match command {
        TokenCommand::Create { role, label } => {
            let role = role.into();
            let made = service
                .client
                .create_token(&TokenAsk { role, label })
                .await?;
            screen.answer(&made, || created(&made))
        }
        TokenCommand::List => {
            let tokens = service.client.tokens().await?;
            screen.answer(&tokens, || {
                let mut rows = Rows::new(&[
                    Column::Text("id"),
                    Column::Text("role"),
                    Column::Text("made (UTC)"),
                    Column::Text("label"),
                ]);
                for token in &tokens.tokens {
                    rows.push(
                        Tone::Plain,
                        [
                            token.id.to_string(),
                            token.role.to_string(),
                            token.created_at.strftime("%Y-%m-%d %H:%M").to_string(),
                            token.label.clone(),
                        ],
                    );
                }
                if rows.is_empty() {
                    "no tokens\n".to_owned()
                } else {
                    rows.to_string()
                }
            })
        }
        TokenCommand::Revoke { id } => {
            let revoked = service.client.revoke_token(id).await?;
            screen.answer(&revoked, || {
                format!("revoked {} ({})\n", revoked.id, plain(&revoked.label))
            })
        }
    }
}

fn created(made: &NewToken) -> String {
    format!(
        "token {} ({}: {})\nThe secret is shown this once; send it as `Authorization: Bearer …`:\n\n{}\n",
        made.token.id,
        made.token.role,
        plain(&made.token.label),
        made.secret
    )
}
