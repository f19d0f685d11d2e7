//! The use cases that this adapter drives.

use std::sync::Arc;

use catalog::{CreateConcert, CreateSchedule, ListConcerts, ListSchedules, ListSeats, WatchSeats};
use identity::{FindUser, IdentifyCaller, OpenSession, RegisterUser, VerifyCredentials};
use payment::{FindPayment, ListPayments, PayReservation, RefundPayment};
use reservation::{CancelReservation, FindReservation, HoldSeats, ListReservations, RefuseLosers};
use waiting_room::{ChangePolicy, CheckPlace, ClaimTurn, JoinQueue, LeaveQueue, RequireTurn, ShowQueue};
use wallet::{ChargeBalance, ListTransactions, ShowBalance};

/// The use cases, one each.
#[derive(Clone)]
#[expect(missing_docs, reason = "each field is named as the use case that it holds")]
pub struct UseCases {
    pub register_user: Arc<RegisterUser>,
    pub verify_credentials: Arc<VerifyCredentials>,
    pub open_session: Arc<OpenSession>,
    pub find_user: Arc<FindUser>,
    pub identify_caller: Arc<IdentifyCaller>,
    pub join_queue: Arc<JoinQueue>,
    pub check_place: Arc<CheckPlace>,
    pub claim_turn: Arc<ClaimTurn>,
    pub leave_queue: Arc<LeaveQueue>,
    pub require_turn: Arc<RequireTurn>,
    pub show_queue: Arc<ShowQueue>,
    pub change_policy: Arc<ChangePolicy>,
    pub list_concerts: Arc<ListConcerts>,
    pub list_schedules: Arc<ListSchedules>,
    pub list_seats: Arc<ListSeats>,
    pub watch_seats: Arc<WatchSeats>,
    pub create_concert: Arc<CreateConcert>,
    pub create_schedule: Arc<CreateSchedule>,
    pub refuse_losers: Arc<RefuseLosers>,
    pub hold_seats: Arc<HoldSeats>,
    pub cancel_reservation: Arc<CancelReservation>,
    pub find_reservation: Arc<FindReservation>,
    pub list_reservations: Arc<ListReservations>,
    pub charge_balance: Arc<ChargeBalance>,
    pub show_balance: Arc<ShowBalance>,
    pub list_transactions: Arc<ListTransactions>,
    pub pay_reservation: Arc<PayReservation>,
    pub refund_payment: Arc<RefundPayment>,
    pub find_payment: Arc<FindPayment>,
    pub list_payments: Arc<ListPayments>,
}
