//! The waiting room's rows.

use diesel::{
    AsChangeset, Insertable, Queryable, Selectable,
    query_builder::QueryId,
    sql_types::{BigInt, Bool, Integer, Nullable, SmallInt, Text},
};
use domain::{
    ids::{TicketId, UserId},
    storage::StorageError,
    time::Timestamp,
    waiting_room::{
        AdmissionChoice, Bounded, Candidate, EndReason, RollKept, RoomContents, RoomMark, RoomPolicy,
        RoomReading, Ticket, TicketNews, TicketState, policy_seconds,
    },
};

use crate::{
    codes::{Code, TicketStatus},
    rows::{broken, missing},
    schema::{queue_tickets, waiting_room},
    sql_types::{Id, Moment, StoredId, StoredMoment},
};

/// What is read of a ticket.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = queue_tickets)]
pub(crate) struct TicketRow {
    pub(crate) id: StoredId,
    pub(crate) user_id: StoredId,
    number: i64,
    status: String,
    end_reason: Option<String>,
    issued_at: StoredMoment,
    passed_over: bool,
    admitted_at: Option<StoredMoment>,
    claimed_at: Option<StoredMoment>,
    expires_at: Option<StoredMoment>,
}

/// The columns of a [`TicketRow`].
pub(crate) type TicketColumns = (
    Id,
    Id,
    BigInt,
    Text,
    Nullable<Text>,
    Moment,
    Bool,
    Nullable<Moment>,
    Nullable<Moment>,
    Nullable<Moment>,
);

impl TryFrom<TicketRow> for Ticket {
    type Error = StorageError;

    fn try_from(row: TicketRow) -> Result<Self, StorageError> {
        TicketNews::try_from(row).map(|news| news.ticket)
    }
}

impl TryFrom<TicketRow> for TicketNews {
    type Error = StorageError;

    fn try_from(row: TicketRow) -> Result<Self, StorageError> {
        let state = match TicketStatus::parse(&row.status)? {
            TicketStatus::Waiting => TicketState::Waiting,
            TicketStatus::Active => TicketState::Active {
                expires_at: row.expires_at.ok_or_else(|| missing("end of a turn"))?.0,
                claimed: row.claimed_at.is_some(),
            },
            TicketStatus::Ended => {
                let reason = row.end_reason.ok_or_else(|| missing("reason of an end"))?;
                TicketState::Ended { reason: Code::parse(&reason)? }
            }
        };
        Ok(Self {
            ticket: Ticket {
                id: TicketId(row.id.0),
                user: UserId(row.user_id.0),
                number: u64::try_from(row.number).map_err(broken)?,
                issued_at: row.issued_at.0,
                state,
            },
            passed_over: row.passed_over,
            admitted_at: row.admitted_at.map(|admitted_at| admitted_at.0),
        })
    }
}

/// Somebody who waits, as far as an admission has to know.
#[derive(Clone, Copy, Debug, Queryable, Selectable)]
#[diesel(table_name = queue_tickets)]
pub(crate) struct CandidateRow {
    id: StoredId,
    number: i64,
    present_until: StoredMoment,
}

impl TryFrom<CandidateRow> for Candidate {
    type Error = StorageError;

    fn try_from(row: CandidateRow) -> Result<Self, StorageError> {
        Ok(Self {
            ticket: TicketId(row.id.0),
            number: u64::try_from(row.number).map_err(broken)?,
            present_until: row.present_until.0,
        })
    }
}

/// Chooses among those who were read, as [`RollKept::choose`] does.
///
/// # Errors
///
/// [`StorageError`] when a row says what can not be.
pub(crate) fn choose(
    candidates: Vec<CandidateRow>,
    admissible: u64,
    roll: &RollKept,
    now: Timestamp,
) -> Result<AdmissionChoice, StorageError> {
    let candidates = candidates.into_iter().map(Candidate::try_from).collect::<Result<Vec<_>, _>>()?;
    Ok(roll.choose(candidates, admissible, now))
}

/// How many candidates are looked at next for so many slots, when so many were gone: a few more than are needed, and ever
/// more, since those who are gone must not cost a question each.
pub(crate) fn candidates_for(admissible: u64, gone: usize) -> i64 {
    let needed = i64::try_from(admissible).unwrap_or(i64::MAX).saturating_mul(2);
    let after_those = i64::try_from(gone).unwrap_or(i64::MAX).saturating_mul(4);
    needed.max(after_those).clamp(16, 1_000)
}

/// The columns of a turn that begins.
#[derive(Debug, AsChangeset, QueryId)]
#[diesel(table_name = queue_tickets, treat_none_as_null = true)]
pub(crate) struct TurnColumns {
    status: &'static str,
    admitted_at: StoredMoment,
    claimed_at: Option<StoredMoment>,
    expires_at: StoredMoment,
}

impl TurnColumns {
    pub(crate) fn beginning(policy: &RoomPolicy, claimed: bool, now: StoredMoment) -> (Self, TicketState) {
        let turn = policy.turn(claimed, now.0);
        let expires_at = if let TicketState::Active { expires_at, .. } = turn { expires_at } else { now.0 };
        let columns = Self {
            status: TicketStatus::Active.word(),
            admitted_at: now,
            claimed_at: claimed.then_some(now),
            expires_at: StoredMoment(expires_at),
        };
        (columns, turn)
    }
}

/// The columns of a ticket whose life ends.
#[derive(Debug, AsChangeset, QueryId)]
#[diesel(table_name = queue_tickets)]
pub(crate) struct EndColumns {
    status: &'static str,
    passed_over: bool,
    end_reason: &'static str,
    ended_at: StoredMoment,
}

impl EndColumns {
    pub(crate) fn of(reason: EndReason, now: StoredMoment) -> Self {
        Self {
            status: TicketStatus::Ended.word(),
            passed_over: false,
            end_reason: reason.word(),
            ended_at: now,
        }
    }
}

/// The room's one row.
#[derive(Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = waiting_room, treat_none_as_default_value = false)]
pub(crate) struct RoomRow {
    id: i16,
    pub(crate) last_number: i64,
    strategy: String,
    max_active: i32,
    admit_count: i32,
    interval_seconds: i32,
    session_seconds: i32,
    claim_seconds: i32,
    state: String,
    roll_called_at: Option<StoredMoment>,
    roll_up_to: i64,
}

/// The columns of a [`RoomRow`].
pub(crate) type RoomColumns =
    (SmallInt, BigInt, Text, Integer, Integer, Integer, Integer, Integer, Text, Nullable<Moment>, BigInt);

/// The policy's columns, as an operator changes them.
#[derive(Debug, AsChangeset, QueryId)]
#[diesel(table_name = waiting_room)]
pub(crate) struct PolicyColumns {
    strategy: &'static str,
    max_active: i32,
    admit_count: i32,
    interval_seconds: i32,
    session_seconds: i32,
    claim_seconds: i32,
    state: &'static str,
}

/// The columns of the roll that is kept.
#[derive(Debug, AsChangeset, QueryId)]
#[diesel(table_name = waiting_room, treat_none_as_null = true)]
pub(crate) struct RollColumns {
    roll_called_at: Option<StoredMoment>,
    roll_up_to: i64,
}

impl TryFrom<&RollKept> for RollColumns {
    type Error = StorageError;

    fn try_from(roll: &RollKept) -> Result<Self, StorageError> {
        Ok(Self {
            roll_called_at: roll.called_at.map(StoredMoment),
            roll_up_to: i64::try_from(roll.up_to).map_err(broken)?,
        })
    }
}

fn seconds(duration: chrono::Duration) -> Result<i32, StorageError> {
    i32::try_from(duration.num_seconds()).map_err(broken)
}

impl TryFrom<&RoomPolicy> for PolicyColumns {
    type Error = StorageError;

    fn try_from(policy: &RoomPolicy) -> Result<Self, StorageError> {
        Ok(Self {
            strategy: policy.strategy.word(),
            max_active: i32::try_from(policy.max_active.get()).map_err(broken)?,
            admit_count: i32::try_from(policy.admit_count.get()).map_err(broken)?,
            interval_seconds: seconds(policy.interval)?,
            session_seconds: seconds(policy.session)?,
            claim_seconds: seconds(policy.claim)?,
            state: policy.state.word(),
        })
    }
}

impl RoomRow {
    /// The room before anybody has come.
    pub(crate) fn first(policy: &RoomPolicy) -> Result<Self, StorageError> {
        let columns = PolicyColumns::try_from(policy)?;
        Ok(Self {
            id: 1,
            last_number: 0,
            strategy: columns.strategy.to_owned(),
            max_active: columns.max_active,
            admit_count: columns.admit_count,
            interval_seconds: columns.interval_seconds,
            session_seconds: columns.session_seconds,
            claim_seconds: columns.claim_seconds,
            state: columns.state.to_owned(),
            roll_called_at: None,
            roll_up_to: 0,
        })
    }

    /// The policy in force.
    pub(crate) fn policy(&self) -> Result<RoomPolicy, StorageError> {
        Ok(RoomPolicy {
            strategy: Code::parse(&self.strategy)?,
            max_active: Bounded::new(self.max_active.into()).map_err(broken)?,
            admit_count: Bounded::new(self.admit_count.into()).map_err(broken)?,
            interval: policy_seconds(self.interval_seconds.into()).map_err(broken)?,
            session: policy_seconds(self.session_seconds.into()).map_err(broken)?,
            claim: policy_seconds(self.claim_seconds.into()).map_err(broken)?,
            state: Code::parse(&self.state)?,
        })
    }

    /// What is known of the roll calls.
    pub(crate) fn roll(&self) -> Result<RollKept, StorageError> {
        let called_at = self.roll_called_at.map(|called_at| called_at.0);
        Ok(RollKept { called_at, up_to: u64::try_from(self.roll_up_to).map_err(broken)? })
    }
}

impl RoomRow {
    /// A reading of the room.
    pub(crate) fn reading(
        &self,
        mark: String,
        now: StoredMoment,
        contents: RoomContents,
    ) -> Result<RoomReading, StorageError> {
        Ok(RoomReading {
            mark: RoomMark(mark),
            taken_at: now.0,
            policy: self.policy()?,
            last_number: u64::try_from(self.last_number).map_err(broken)?,
            contents,
        })
    }
}

/// Everybody in the room: the numbers of those who wait, ascending, each with whether it was passed over; the
/// live turns; and the latest admissions.
pub(crate) fn whole(
    numbers: &[(i64, bool)],
    turns: Vec<TicketRow>,
    admitted_at: &[StoredMoment],
) -> Result<RoomContents, StorageError> {
    let number = |number: i64| u64::try_from(number).map_err(broken);
    let passed_over = numbers.iter().filter(|(_, passed_over)| *passed_over);
    Ok(RoomContents::Whole {
        waiting: numbers.iter().map(|(waiting, _)| number(*waiting)).collect::<Result<_, _>>()?,
        passed_over: passed_over.map(|(waiting, _)| number(*waiting)).collect::<Result<_, _>>()?,
        turns: turns.into_iter().map(Ticket::try_from).collect::<Result<_, _>>()?,
        admitted_at: admitted_at.iter().map(|admitted_at| admitted_at.0).collect(),
    })
}
