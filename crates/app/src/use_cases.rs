//! The wiring: which adapter stands behind which port.

use std::sync::Arc;

use adapter_credentials::{Argon2idHasher, JsonWebTokens, MemoryFailedLogins, NoLoginLimit, TokenSecret};
use adapter_http::UseCases;
use adapter_live::LiveSeatBoards;
use adapter_persistence::Ports;
use adapter_scheduler::Jobs;
use catalog::{CreateConcert, CreateSchedule, ListConcerts, ListSchedules, ListSeats, WatchSeats};
use domain::{
    identity::{FailedLogins, LoginPolicy, PasswordHasher, TokenPolicy, Tokens},
    ids::IdSource,
    storage::StorageError,
    time::Timer,
    waiting_room::RoomMemory,
    wallet::ChargePolicy,
};
use idempotency::ForgetOldKeys;
use identity::{FindUser, IdentifyCaller, OpenSession, RegisterUser, VerifyCredentials};
use payment::{FindPayment, ListPayments, PayReservation, RefundPayment};
use reservation::{
    CancelReservation, FindReservation, HoldSeats, ListReservations, RefuseLosers, TidyRunOutHolds,
};
use waiting_room::{
    AdmitWaiters, ChangePolicy, CheckPlace, ClaimTurn, JoinQueue, LeaveQueue, RequireTurn, ShowQueue,
};
use wallet::{ChargeBalance, ListTransactions, ShowBalance};

use crate::{id_source::TimeOrderedIds, settings::Settings, timer::ProcessTimer};

/// The use cases that are driven over HTTP. Needs a runtime, for what follows the store.
///
/// # Errors
///
/// [`StorageError`] when nothing can be prepared for hashing passwords.
pub fn for_http(
    settings: &Settings,
    secret: &TokenSecret,
    ports: &Ports,
    memory: &Arc<dyn RoomMemory>,
) -> Result<UseCases, StorageError> {
    let Ports { clock, users, room, catalog, inventory, reservations, wallets, payments, .. } = ports.clone();
    let ids: Arc<dyn IdSource> = Arc::new(TimeOrderedIds);
    let timer: Arc<dyn Timer> = Arc::new(ProcessTimer::start());
    let tokens: Arc<dyn Tokens> = Arc::new(JsonWebTokens::new(secret));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let hasher: Arc<dyn PasswordHasher> = Arc::new(Argon2idHasher::new(cores)?);
    let failed_logins: Arc<dyn FailedLogins> = if settings.rate_limits {
        Arc::new(MemoryFailedLogins::new(LoginPolicy::default()))
    } else {
        Arc::new(NoLoginLimit)
    };
    let boards = Arc::new(LiveSeatBoards::start(clock.clone(), catalog.clone()));
    let token_policy = TokenPolicy::default();
    let verify_credentials =
        Arc::new(VerifyCredentials::new(clock.clone(), users.clone(), hasher.clone(), failed_logins));
    Ok(UseCases {
        register_user: Arc::new(RegisterUser::new(clock.clone(), ids.clone(), users.clone(), hasher)),
        open_session: Arc::new(OpenSession::new(
            clock.clone(),
            verify_credentials.clone(),
            tokens.clone(),
            token_policy,
        )),
        verify_credentials,
        find_user: Arc::new(FindUser::new(users)),
        identify_caller: Arc::new(IdentifyCaller::new(clock.clone(), tokens.clone())),
        join_queue: Arc::new(JoinQueue::new(
            clock.clone(),
            ids.clone(),
            room.clone(),
            memory.clone(),
            tokens,
            token_policy,
        )),
        check_place: Arc::new(CheckPlace::new(clock.clone(), memory.clone())),
        claim_turn: Arc::new(ClaimTurn::new(memory.clone())),
        leave_queue: Arc::new(LeaveQueue::new(clock.clone(), timer.clone(), room.clone(), memory.clone())),
        require_turn: Arc::new(RequireTurn::new(clock.clone(), memory.clone())),
        show_queue: Arc::new(ShowQueue::new(memory.clone())),
        change_policy: Arc::new(ChangePolicy::new(room.clone(), memory.clone())),
        list_concerts: Arc::new(ListConcerts::new(catalog.clone())),
        list_schedules: Arc::new(ListSchedules::new(clock.clone(), catalog.clone())),
        list_seats: Arc::new(ListSeats::new(clock.clone(), catalog.clone())),
        watch_seats: Arc::new(WatchSeats::new(boards)),
        create_concert: Arc::new(CreateConcert::new(clock.clone(), ids.clone(), catalog.clone())),
        create_schedule: Arc::new(CreateSchedule::new(clock.clone(), ids.clone(), catalog)),
        refuse_losers: Arc::new(RefuseLosers::new(
            clock.clone(),
            timer.clone(),
            memory.clone(),
            inventory.clone(),
            settings.hold,
        )),
        hold_seats: Arc::new(HoldSeats::new(
            clock.clone(),
            ids.clone(),
            inventory.clone(),
            reservations.clone(),
            settings.hold,
        )),
        cancel_reservation: Arc::new(CancelReservation::new(clock.clone(), timer.clone(), inventory)),
        find_reservation: Arc::new(FindReservation::new(clock.clone(), reservations.clone())),
        list_reservations: Arc::new(ListReservations::new(clock.clone(), reservations)),
        charge_balance: Arc::new(ChargeBalance::new(
            clock.clone(),
            ids.clone(),
            wallets.clone(),
            ChargePolicy::default(),
        )),
        show_balance: Arc::new(ShowBalance::new(wallets.clone())),
        list_transactions: Arc::new(ListTransactions::new(wallets)),
        refund_payment: Arc::new(RefundPayment::new(
            clock.clone(),
            timer.clone(),
            ids.clone(),
            payments.clone(),
        )),
        pay_reservation: Arc::new(PayReservation::new(
            clock,
            timer,
            ids,
            payments.clone(),
            room,
            memory.clone(),
        )),
        find_payment: Arc::new(FindPayment::new(payments.clone())),
        list_payments: Arc::new(ListPayments::new(payments)),
    })
}

/// The use cases that the scheduler drives.
#[must_use]
pub fn for_scheduler(ports: &Ports) -> Jobs {
    Jobs {
        admit_waiters: Arc::new(AdmitWaiters::new(ports.room.clone())),
        tidy_run_out_holds: Arc::new(TidyRunOutHolds::new(ports.inventory.clone())),
        forget_old_keys: Arc::new(ForgetOldKeys::new(ports.clock.clone(), ports.idempotency.clone())),
    }
}
