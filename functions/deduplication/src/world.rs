//! What a decision needs besides the tables: the queue, INES, the secrets, the time and ids. The
//! simulation has its own time, ids and INES, over the same tables and the same queue.

use jiff::Timestamp;
use shared::config::{self, ConfigError};
use shared::identity::digest::IdentityKeys;
use shared::identity::ines::Ines;
use shared::identity::student::StudentId;
use shared::ines::client::{self, InesClient};
use shared::registry::identity_queue::IdentityQueue;

use crate::register::{Register, Settings};

/// Everything outside that a decision touches.
pub trait World {
    /// The national identity service.
    type Ines: Ines;

    /// The tables.
    fn register(&self) -> &Register;
    fn queue(&self) -> &IdentityQueue;
    /// The national identity service; none where there is none, and establishments' INEs are then
    /// believed.
    fn ines(&self) -> Option<&Self::Ines>;
    /// The secrets behind table keys.
    fn keys(&self) -> &IdentityKeys;
    fn now(&self) -> Timestamp;
    /// An id that nobody has.
    fn new_student(&self) -> StudentId;
}

/// The world as it is deployed. It lives as long as the process.
pub struct Deployed {
    keys: IdentityKeys,
    register: Register,
    queue: IdentityQueue,
    ines: Option<InesClient>,
}

impl Deployed {
    /// Reads the environment and the secrets.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] when a variable or a secret is missing.
    pub async fn from_env() -> Result<Self, ConfigError> {
        let aws = config::aws().await;
        let secrets = aws_sdk_secretsmanager::Client::new(&aws);
        let register = Register::new(&aws_sdk_dynamodb::Client::new(&aws), Settings::from_env()?);
        let queue = IdentityQueue::new(
            aws_sdk_sqs::Client::new(&aws),
            config::variable("IDENTITY_QUEUE_URL")?,
        );
        let ines = client::from_env(&secrets)?;
        Ok(Self { keys: config::identity_keys(&secrets).await?, register, queue, ines })
    }
}

impl World for Deployed {
    type Ines = InesClient;

    fn register(&self) -> &Register {
        &self.register
    }

    fn queue(&self) -> &IdentityQueue {
        &self.queue
    }

    fn ines(&self) -> Option<&InesClient> {
        self.ines.as_ref()
    }

    fn keys(&self) -> &IdentityKeys {
        &self.keys
    }

    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn new_student(&self) -> StudentId {
        StudentId::random()
    }
}
