//! Changes of the room that are made together. The writing thread is the room's lock.

use std::collections::{HashMap, HashSet};

use diesel::{dsl::case_when, prelude::*, result::Error};
use domain::{
    ids::TicketId,
    waiting_room::{
        AdmissionChoice, EndReason, JoinPlan, KnownUsers, Left, Newcomer, Occupancy, RollCall, RollKept,
        RoomPolicy, Sign, Ticket, TicketState, newcomer_present_until, newly_near_present_until,
    },
};

use super::{count, moment, row_error};
use crate::{
    codes::{Code, TicketStatus},
    kept, queries,
    room_changes::{RoomChanges, RoomOutcomes},
    room_rows::{
        CandidateRow, EndColumns, PolicyColumns, RollColumns, RoomRow, TicketRow, TurnColumns,
        candidates_for, choose,
    },
    schema::{queue_tickets, users, waiting_room},
    sql_types::{StoredId, StoredMoment},
};

/// The turns that have begun, or were claimed, by ticket.
type Turns = HashMap<TicketId, TicketState>;

/// The room at the moment of the change.
struct Room {
    policy: RoomPolicy,
    roll: RollKept,
    last_number: i64,
    now: StoredMoment,
}

/// Makes the changes, each kind in its order, and fills the slots that are free then.
pub(super) fn make(
    connection: &mut SqliteConnection,
    changes: &RoomChanges,
    now: StoredMoment,
) -> Result<RoomOutcomes, Error> {
    let mut room = find_room(connection, now)?;
    end_run_out_turns(connection, now)?;
    let policies = change_policy(connection, &mut room, changes)?;
    let left = leave(connection, &changes.leaves, now)?;
    if let Some(roll) = &changes.roll {
        call_roll(connection, &mut room, roll)?;
    }
    let plan = join(connection, &room, &changes.joins)?;
    let callers: HashSet<TicketId> = plan.tickets().map(|ticket| ticket.id).collect();
    let mut turns = fill_free_slots(connection, &room, &callers)?;
    let admitted = turns.len();
    claim_found_turns(connection, &room, &plan, &mut turns)?;
    Ok(RoomOutcomes {
        policies,
        left,
        joined: plan.outcomes(&turns),
        admitted: u64::try_from(admitted).unwrap_or(u64::MAX),
    })
}

fn find_room(connection: &mut SqliteConnection, now: StoredMoment) -> Result<Room, Error> {
    let row: RoomRow = waiting_room::table.select(RoomRow::as_select()).get_result(connection)?;
    Ok(Room {
        policy: row.policy().map_err(row_error)?,
        roll: row.roll().map_err(row_error)?,
        last_number: row.last_number,
        now,
    })
}

fn end_run_out_turns(connection: &mut SqliteConnection, now: StoredMoment) -> Result<(), Error> {
    let [timed_out, no_show] = [true, false].map(|claimed| Some(EndReason::of_run_out_turn(claimed).word()));
    kept::update(queries::turns_run_out_at(now))
        .set((
            queue_tickets::status.eq(TicketStatus::Ended.word()),
            queue_tickets::end_reason
                .eq(case_when(queue_tickets::claimed_at.is_null(), no_show).otherwise(timed_out)),
            queue_tickets::ended_at.eq(queue_tickets::expires_at),
        ))
        .execute(connection)
        .map(|_| ())
}

fn change_policy(
    connection: &mut SqliteConnection,
    room: &mut Room,
    changes: &RoomChanges,
) -> Result<Vec<RoomPolicy>, Error> {
    let policies = changes.policies_after(room.policy);
    if let Some(last) = policies.last() {
        room.policy = *last;
        let columns = PolicyColumns::try_from(last).map_err(row_error)?;
        kept::update(waiting_room::table).set(columns).execute(connection)?;
    }
    Ok(policies)
}

fn leave(
    connection: &mut SqliteConnection,
    tickets: &[TicketId],
    now: StoredMoment,
) -> Result<Vec<Left>, Error> {
    let end = |ticket: &TicketId| {
        let live = queries::live_tickets().filter(queue_tickets::id.eq(StoredId(ticket.0)));
        let ended = kept::update(live).set(EndColumns::of(EndReason::Left, now)).execute(connection)?;
        Ok(if ended == 1 { Left::Done } else { Left::NotLive })
    };
    tickets.iter().map(end).collect()
}

/// Whoever was passed over and is there comes first again. A sign that is too old brings nobody back.
fn note_sign(connection: &mut SqliteConnection, sign: Sign, now: StoredMoment) -> Result<(), Error> {
    let (number, until) = (i64::try_from(sign.number), moment(sign.present_until));
    let (Ok(number), true) = (number, until > now) else { return Ok(()) };
    let waiting = queries::waiting_tickets().filter(queue_tickets::number.eq(number));
    kept::update(waiting.filter(queue_tickets::present_until.lt(until)))
        .set(queue_tickets::present_until.eq(until))
        .execute(connection)?;
    let passed_over = queries::waiting_tickets()
        .filter(queue_tickets::number.eq(number))
        .filter(queue_tickets::passed_over.eq(true));
    kept::update(passed_over).set(queue_tickets::passed_over.eq(false)).execute(connection).map(|_| ())
}

fn call_roll(connection: &mut SqliteConnection, room: &mut Room, call: &RollCall) -> Result<(), Error> {
    let (roll, newly_near) = room.roll.called(call.near_up_to, count(room.last_number)?, room.now.0);
    room.roll = roll;
    let until = moment(newly_near_present_until(room.now.0));
    let [first, last] =
        [newly_near.start(), newly_near.end()].map(|number| i64::try_from(*number).unwrap_or(i64::MAX));
    let newly_near = queries::waiting_and_there()
        .filter(queue_tickets::number.ge(first))
        .filter(queue_tickets::number.le(last))
        .filter(queue_tickets::present_until.lt(until));
    kept::update(newly_near).set(queue_tickets::present_until.eq(until)).execute(connection)?;
    call.signs.iter().try_for_each(|sign| note_sign(connection, *sign, room.now))?;
    let columns = RollColumns::try_from(&room.roll).map_err(row_error)?;
    kept::update(waiting_room::table).set(columns).execute(connection).map(|_| ())
}

fn join(connection: &mut SqliteConnection, room: &Room, newcomers: &[Newcomer]) -> Result<JoinPlan, Error> {
    if newcomers.is_empty() {
        return Ok(JoinPlan::default());
    }
    let known = find_users(connection, newcomers)?;
    let plan = JoinPlan::new(newcomers, known, &room.policy, count(room.last_number)?, room.now.0);
    let present_until = newcomer_present_until(room.now.0);
    if let Some(last) = plan.issued.last() {
        let number = stored_number(last);
        kept::update(waiting_room::table).set(waiting_room::last_number.eq(number)).execute(connection)?;
    }
    for ticket in &plan.issued {
        issue(connection, ticket, moment(present_until))?;
    }
    for ticket in plan.found().iter().filter(|ticket| ticket.state == TicketState::Waiting) {
        note_sign(connection, Sign { number: ticket.number, present_until }, room.now)?;
    }
    Ok(plan)
}

fn find_users(connection: &mut SqliteConnection, newcomers: &[Newcomer]) -> Result<KnownUsers, Error> {
    let mut known = KnownUsers::new();
    for Newcomer { user, .. } in newcomers {
        let id = StoredId(user.0);
        let exists = diesel::select(diesel::dsl::exists(users::table.find(id)));
        if !exists.get_result::<bool>(connection)? {
            continue;
        }
        let live =
            queries::live_tickets().filter(queue_tickets::user_id.eq(id)).select(TicketRow::as_select());
        let live =
            live.get_result(connection).optional()?.map(Ticket::try_from).transpose().map_err(row_error)?;
        known.insert(*user, live);
    }
    Ok(known)
}

fn stored_number(ticket: &Ticket) -> i64 {
    i64::try_from(ticket.number).unwrap_or(i64::MAX)
}

fn issue(
    connection: &mut SqliteConnection,
    ticket: &Ticket,
    present_until: StoredMoment,
) -> Result<(), Error> {
    diesel::insert_into(queue_tickets::table)
        .values((
            queue_tickets::id.eq(StoredId(ticket.id.0)),
            queue_tickets::user_id.eq(StoredId(ticket.user.0)),
            queue_tickets::number.eq(stored_number(ticket)),
            queue_tickets::status.eq(TicketStatus::Waiting.word()),
            queue_tickets::issued_at.eq(moment(ticket.issued_at)),
            queue_tickets::present_until.eq(present_until),
        ))
        .execute(connection)
        .map(|_| ())
}

fn occupancy(connection: &mut SqliteConnection, room: &Room) -> Result<Occupancy, Error> {
    let admitted = if room.policy.counts_admissions() {
        let since = moment(room.now.0 - room.policy.interval);
        queries::admitted_after(since).count().get_result(connection)?
    } else {
        0
    };
    Ok(Occupancy {
        active: count(queries::turns_live_at(room.now).count().get_result(connection)?)?,
        admitted_within_interval: count(admitted)?,
    })
}

/// Admits as many of those who wait and are there, first come first, as the policy allows. Whoever is a caller
/// of this very transaction is there, and claims the turn with it.
fn fill_free_slots(
    connection: &mut SqliteConnection,
    room: &Room,
    callers: &HashSet<TicketId>,
) -> Result<Turns, Error> {
    let mut turns = Turns::new();
    let mut admissible = room.policy.admissible(occupancy(connection, room)?);
    let mut gone = 0;
    while admissible > 0 {
        let candidates: Vec<CandidateRow> = queries::candidates(candidates_for(admissible, gone))
            .select(CandidateRow::as_select())
            .load(connection)?;
        if candidates.is_empty() {
            break;
        }
        let AdmissionChoice { admitted, passed_over } =
            choose(candidates, admissible, &room.roll, room.now.0).map_err(row_error)?;
        gone += passed_over.len();
        for ticket in passed_over {
            let row = kept::update(queue_tickets::table.find(StoredId(ticket.0)));
            row.set(queue_tickets::passed_over.eq(true)).execute(connection)?;
        }
        admissible = admissible.saturating_sub(u64::try_from(admitted.len()).unwrap_or(u64::MAX));
        for ticket in admitted {
            let is_caller = callers.contains(&ticket);
            let (columns, turn) = TurnColumns::beginning(&room.policy, is_caller, room.now);
            kept::update(queue_tickets::table.find(StoredId(ticket.0))).set(columns).execute(connection)?;
            turns.insert(ticket, turn);
        }
    }
    Ok(turns)
}

/// Whoever joins again and finds a turn has come for it.
fn claim_found_turns(
    connection: &mut SqliteConnection,
    room: &Room,
    plan: &JoinPlan,
    turns: &mut Turns,
) -> Result<(), Error> {
    for ticket in plan.found().iter().filter(|ticket| ticket.is_unclaimed()) {
        if claim(connection, ticket.id, &room.policy, room.now)? {
            turns.insert(ticket.id, room.policy.turn(true, room.now.0));
        }
    }
    Ok(())
}

/// Claims a turn that is live and was not claimed; tells whether it was.
pub(super) fn claim(
    connection: &mut SqliteConnection,
    ticket: TicketId,
    policy: &RoomPolicy,
    now: StoredMoment,
) -> Result<bool, Error> {
    let TicketState::Active { expires_at, .. } = policy.turn(true, now.0) else { return Ok(false) };
    let unclaimed = queries::turns_live_at(now)
        .filter(queue_tickets::id.eq(StoredId(ticket.0)))
        .filter(queue_tickets::claimed_at.is_null());
    let claimed = kept::update(unclaimed)
        .set((
            queue_tickets::claimed_at.eq(Some(now)),
            queue_tickets::expires_at.eq(Some(moment(expires_at))),
        ))
        .execute(connection)?;
    Ok(claimed == 1)
}
