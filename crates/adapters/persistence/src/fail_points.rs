//! Where tests let a store fail: in the middle of every change, before its commit and after it.
//!
//! Only with the feature `failpoints`, which nothing that ships switches on: without it a point is nothing at all.
//! A new change is one more [`StoredChange`], and the tests do not compile until they say what it promises.

#[cfg(not(feature = "failpoints"))]
use diesel::result::Error;

macro_rules! stored_changes {
    ($($(#[doc = $meaning:literal])* $change:ident,)*) => {
        /// Everything that a store commits as one.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum StoredChange {
            $($(#[doc = $meaning])* $change,)*
        }

        impl StoredChange {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$change,)*];
        }
    };
}

stored_changes! {
    /// Seats are held.
    HoldSeats,
    /// A hold is given up.
    CancelHold,
    /// Holds that have run out are noted.
    TidyRunOutHolds,
    /// A balance is charged.
    ChargeBalance,
    /// A reservation is paid.
    PayReservation,
    /// A payment is given back.
    RefundPayment,
    /// Joins, departures, admissions, roll calls and policies that have arrived together.
    ChangeRoom,
    /// Somebody has come for a turn.
    ClaimTurn,
    /// The room gets its first policy.
    SetFirstPolicy,
    /// A user registers.
    AddUser,
    /// A concert is added.
    AddConcert,
    /// A schedule is added with its seats.
    AddSchedule,
    /// Old idempotency keys are forgotten.
    ForgetKeys,
    /// Nothing: whether the store can be written to.
    Probe,
}

/// Where a change can fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// Between the statements of a transaction of several; on SQLite before the change's own savepoint is released.
    Inside,
    /// Before the commit is asked for: on PostgreSQL the one statement, or `COMMIT` after the others.
    Before,
    /// When it is committed, and nobody has been told.
    After,
}

/// The name of a point, for the functions of the crate `fail`.
#[must_use]
pub fn point(change: StoredChange, place: Place) -> String {
    format!("{change:?}/{place:?}")
}

#[cfg(feature = "failpoints")]
mod switched_on {
    use diesel::result::{DatabaseErrorKind, Error};

    use super::{Place, StoredChange, point};

    /// Fails as a test wants it to; on a thread that may block.
    pub(crate) fn reach_blocking(change: StoredChange, place: Place) -> Result<(), Error> {
        let fails = |_| {
            let cause = Box::new("a test has let the store fail".to_owned());
            Err(Error::DatabaseError(DatabaseErrorKind::Unknown, cause))
        };
        fail::fail_point!(&point(change, place), fails);
        Ok(())
    }

    /// Fails as a test wants it to, without keeping others from the thread while it takes its time.
    pub(crate) async fn reach(change: StoredChange, place: Place) -> Result<(), Error> {
        if fail::list().is_empty() {
            return Ok(());
        }
        match tokio::task::spawn_blocking(move || reach_blocking(change, place)).await {
            Ok(outcome) => outcome,
            Err(failed) => std::panic::resume_unwind(failed.into_panic()),
        }
    }
}

#[cfg(feature = "failpoints")]
pub(crate) use switched_on::{reach, reach_blocking};

#[cfg(not(feature = "failpoints"))]
#[expect(clippy::unnecessary_wraps, reason = "with the feature it fails")]
pub(crate) const fn reach_blocking(_: StoredChange, _: Place) -> Result<(), Error> {
    Ok(())
}

#[cfg(not(feature = "failpoints"))]
pub(crate) fn reach(_: StoredChange, _: Place) -> std::future::Ready<Result<(), Error>> {
    std::future::ready(Ok(()))
}
