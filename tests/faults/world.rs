//! A store, the service on it where a test wants it, and what is looked at before and after a fault.

use std::{ops::Sub, time::Duration};

use encore_tests::{client::send, databases::Database};
use tokio::time::{sleep, timeout};

use crate::{
    served::Served,
    stage::{Stage, at_once},
};

/// A store and what stands on it.
pub(crate) struct World {
    pub(crate) stage: Stage,
    served: Option<Served>,
}

/// Numbers of everything that can change: see [`Stage::tally`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Measured(Vec<i64>);

impl Sub for Measured {
    type Output = Self;

    fn sub(self, earlier: Self) -> Self {
        Self(self.0.into_iter().zip(earlier.0).map(|(later, earlier)| later - earlier).collect())
    }
}

impl Measured {
    pub(crate) fn is_nothing(&self) -> bool {
        self.0.iter().all(|number| *number == 0)
    }

    /// The same change so many times.
    pub(crate) fn times(&self, times: i64) -> Self {
        Self(self.0.iter().map(|number| number * times).collect())
    }
}

impl World {
    /// A store on which the service stands.
    pub(crate) async fn served(stage: Stage) -> Self {
        let served = Served::start(&stage.ports).await;
        Self { stage, served: Some(served) }
    }

    /// A store that nobody but the test asks for anything.
    pub(crate) const fn alone(stage: Stage) -> Self {
        Self { stage, served: None }
    }

    pub(crate) fn service(&self) -> &Served {
        self.served.as_ref().expect("the service is wanted")
    }

    pub(crate) const fn is_sqlite(&self) -> bool {
        matches!(self.stage.database, Database::Sqlite { .. })
    }

    /// Everything that a change may change.
    pub(crate) async fn measure(&self) -> Measured {
        let questions = [
            "SELECT count(*) FROM users",
            "SELECT count(*) FROM wallets",
            "SELECT count(*) FROM concerts",
            "SELECT count(*) FROM schedules",
            "SELECT count(*) FROM seats",
            "SELECT count(*) FROM waiting_room",
            "SELECT coalesce(sum(max_active), 0) FROM waiting_room",
            "SELECT count(*) FROM waiting_room WHERE roll_called_at IS NOT NULL",
        ];
        let mut numbers = self.stage.database.numbers(&questions).await;
        // Its last number is no number while there is no room.
        if numbers[5] > 0 {
            numbers.extend(self.stage.tally().await);
        }
        Measured(numbers)
    }

    /// Insists that whatever has failed keeps nobody from anything: somebody comes and buys a seat at once, every
    /// connection is good, and no transaction is open.
    pub(crate) async fn goes_on(&self) {
        let stage = &self.stage;
        at_once(stage.open_every_connection()).await;
        if let Some(served) = &self.served {
            at_once(async {
                let (user, show) = (stage.user().await, stage.schedule().await);
                let fan = served.fan(user.0).await;
                served.charge(&fan, 100).await.expect(201);
                let reservation = served.hold(&fan, show.schedule.0, 50).await;
                send(served.paying(&fan, reservation)).await.expect(201);
            })
            .await;
            stage.check_invariants().await;
        }
        self.no_transaction_is_open().await;
    }

    /// Insists that no transaction stays open.
    pub(crate) async fn no_transaction_is_open(&self) {
        if self.is_sqlite() {
            // Who writes from outside is kept waiting by an open transaction.
            return at_once(self.stage.sql("CREATE TABLE written (number INTEGER); DROP TABLE written"))
                .await;
        }
        // One may be seen between two statements of a transaction that goes on.
        let open = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
                    AND state LIKE 'idle in transaction%'";
        let gone = async {
            while self.stage.number(open).await > 0 {
                sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(Duration::from_secs(2), gone).await.expect("no transaction stays open");
    }
}
