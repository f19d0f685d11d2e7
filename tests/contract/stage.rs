//! A store with something in it.

use std::{future::Future, pin::pin, task::Poll};

use adapter_persistence::{Ports, Store};
use chrono::{Duration, SecondsFormat};
use domain::{
    catalog::{Concert, SalesWindow, Schedule, Seat, SeatNumber, SeatPlan, SeatRange, SeatStatus, TimeZone},
    commit::Commit,
    idempotency::{Fingerprint, IdempotencyKey, KeyedRequest},
    identity::{Email, PasswordHash, User},
    ids::{ConcertId, PaymentId, ReservationId, ScheduleId, SeatId, TicketId, TransactionId, UserId},
    money::Money,
    page::{Page, PageLimit, PageRequest},
    payment::{Payment, PaymentStatus, Refund, Settlement},
    reservation::{
        HoldReleased, HoldRequest, Reservation, ReservationStatus, ReservedSeat, SeatSelection, SeatsHeld,
        Show,
    },
    text::{Name, Reason},
    time::Timestamp,
    waiting_room::{
        Bounded, EndReason, Joined, Left, Newcomer, PolicyChange, RoomOverview, RoomPolicy, RoomView,
        Standing, Ticket, TicketState,
    },
    wallet::BalanceCharged,
};
use encore_tests::databases::Database;
use futures_util::future::join_all;
use uuid::Uuid;

/// A store under test.
pub(crate) struct Stage {
    #[allow(dead_code, reason = "only some binaries that share the stage need more than the ports")]
    pub(crate) store: Store,
    pub(crate) ports: Ports,
    pub(crate) database: Database,
}

pub(crate) async fn sqlite() -> Stage {
    Stage::on(Database::sqlite().await).await
}

pub(crate) async fn postgres() -> Stage {
    Stage::on(Database::postgres().await).await
}

/// Somebody whose turn it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Guest {
    pub(crate) user: UserId,
    pub(crate) ticket: TicketId,
}

impl Guest {
    pub(crate) fn hold_request(self, show: &Show, seats: &[i64]) -> HoldRequest {
        HoldRequest {
            user: self.user,
            ticket: self.ticket,
            schedule: show.schedule,
            seats: SeatSelection::new(seats.iter().copied().map(number).collect()).unwrap(),
        }
    }

    /// The decision that the guest gives a hold up, whatever has become of it.
    pub(crate) fn decide_cancel(self, reservation: &Reservation) -> HoldReleased {
        let status = ReservationStatus::Cancelled;
        HoldReleased { ticket: self.ticket, reservation: Reservation { status, ..reservation.clone() } }
    }
}

pub(crate) fn new_id<T: From<Uuid>>() -> T {
    T::from(Uuid::now_v7())
}

pub(crate) fn number(number: i64) -> SeatNumber {
    SeatNumber::new(number).unwrap()
}

/// A key of a caller's, with what was asked under it.
pub(crate) fn keyed(key: &str) -> Option<KeyedRequest> {
    Some(KeyedRequest { key: idempotency_key(key), fingerprint: Fingerprint(format!("asked={key}")) })
}

pub(crate) fn idempotency_key(key: &str) -> IdempotencyKey {
    IdempotencyKey::new(key.as_bytes()).unwrap()
}

pub(crate) fn page_limit(limit: i64) -> PageLimit {
    PageLimit::new(limit).unwrap()
}

/// How many of the outcomes of simultaneous decisions were committed.
pub(crate) fn committed<T>(outcomes: &[Commit<T>]) -> usize {
    outcomes.iter().filter(|outcome| matches!(outcome, Commit::Committed(_))).count()
}

/// Reads a list to its end, `limit` items a page, and tells all its items.
pub(crate) async fn read_pages<T>(limit: i64, read: impl AsyncFn(PageRequest) -> Page<T>) -> Vec<T> {
    let limit = page_limit(limit);
    let mut items = Vec::new();
    let mut after = None;
    loop {
        let page = read(PageRequest { after, limit }).await;
        assert!(page.items.len() <= limit.get(), "expected at most {} items a page", limit.get());
        items.extend(page.items);
        after = page.next;
        if after.is_none() {
            return items;
        }
        assert!(items.len() < 1000, "expected the list to end");
    }
}

/// Goes away from `doing` after it has been asked to go on so many times, as a handler does whose client has
/// hung up. Tells whether it was done by then.
pub(crate) async fn abandoned_after(times: usize, doing: impl Future) -> bool {
    let mut doing = pin!(doing);
    let mut left = times;
    std::future::poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(false);
        }
        left -= 1;
        match doing.as_mut().poll(context) {
            Poll::Ready(_) => Poll::Ready(true),
            Poll::Pending if left == 0 => Poll::Ready(false),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

/// Insists that what follows on abandoned calls is not kept waiting: a lock that stays would last for seconds.
pub(crate) async fn at_once<T>(doing: impl Future<Output = T>) -> T {
    let patience = std::time::Duration::from_secs(4);
    tokio::time::timeout(patience, doing).await.expect("nothing stays locked behind an abandoned call")
}

/// How many connections a store may have.
const CONNECTIONS: usize = 20;

/// What every seat costs.
pub(crate) const PRICE: Money = Money::from_units(100);

impl Stage {
    async fn on(database: Database) -> Self {
        let store = Store::open(&database.address(), CONNECTIONS).await.unwrap();
        store.set_first_policy(&RoomPolicy::default()).await.unwrap();
        Self { ports: store.ports(), store, database }
    }

    /// Opens every connection, so that what comes at once is not served one after the other.
    pub(crate) async fn open_every_connection(&self) {
        join_all((0..CONNECTIONS).map(|_| self.ports.users.exists(new_id()))).await;
    }

    /// Does many things at once.
    pub(crate) async fn at_the_same_time<T>(
        &self,
        doings: impl IntoIterator<Item = impl Future<Output = T>>,
    ) -> Vec<T> {
        self.open_every_connection().await;
        join_all(doings).await
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.ports.clock.now()
    }

    pub(crate) async fn user(&self) -> UserId {
        let id: UserId = new_id();
        let user = User {
            id,
            name: Name::new("A fan").unwrap(),
            email: Email::new(&format!("{id}@example.org")).unwrap(),
            registered_at: self.now(),
        };
        self.ports.users.add(&user, &PasswordHash("hash".into())).await.unwrap();
        id
    }

    /// A new user's new ticket.
    pub(crate) async fn newcomer(&self) -> Standing {
        let user = self.user().await;
        self.join(user).await
    }

    /// A user's new ticket, and where it stands.
    pub(crate) async fn join(&self, user: UserId) -> Standing {
        self.standing(self.issue(user).await.id).await
    }

    /// A user's new ticket, as whoever joins is told of it.
    pub(crate) async fn issue(&self, user: UserId) -> Ticket {
        match self.ports.room.join(Newcomer { user, ticket: new_id() }).await.unwrap() {
            Joined::Issued(ticket) => ticket,
            other => panic!("expected a new ticket, got {other:?}"),
        }
    }

    /// A new user whose turn it is.
    pub(crate) async fn guest(&self) -> Guest {
        let user = self.user().await;
        self.guest_again(user).await
    }

    /// A user who has come again, and whose turn it is.
    pub(crate) async fn guest_again(&self, user: UserId) -> Guest {
        let ticket = self.issue(user).await;
        assert!(is_active(&ticket), "expected to be admitted at once, got {ticket:?}");
        Guest { user, ticket: ticket.id }
    }

    /// New users whose turn it is.
    pub(crate) async fn guests(&self, number: usize) -> Vec<Guest> {
        let mut guests = Vec::with_capacity(number);
        for _ in 0..number {
            guests.push(self.guest().await);
        }
        guests
    }

    pub(crate) async fn leave(&self, ticket: TicketId) {
        let left = self.ports.room.leave(ticket).await.unwrap();
        assert!(matches!(left, Left::Done), "expected to leave, got {left:?}");
    }

    /// Tries something with every kind of ticket with which `guest` may not do it. Without a turn afterwards.
    pub(crate) async fn with_every_wrong_ticket(
        &self,
        guest: Guest,
        attempt: impl AsyncFn(&'static str, TicketId),
    ) {
        attempt("it is another's", self.guest().await.ticket).await;
        attempt("there is none", new_id()).await;
        let TicketState::Active { expires_at, .. } = self.ticket(guest.ticket).await.state else {
            panic!("expected it to be the guest's turn");
        };
        self.run_out_turn(guest.ticket).await;
        attempt("it has run out", guest.ticket).await;
        let (id, expires_at) = (self.id(guest.ticket.0), self.instant(expires_at));
        self.sql(&format!("UPDATE queue_tickets SET expires_at = {expires_at} WHERE id = {id}")).await;
        self.leave(guest.ticket).await;
        attempt("it has ended", guest.ticket).await;
        self.max_active(1).await;
        let waiting = self.join(guest.user).await.ticket;
        assert_eq!(waiting.state, TicketState::Waiting, "expected no slot to be free");
        attempt("it waits", waiting.id).await;
    }

    pub(crate) async fn change_policy(&self, change: PolicyChange) -> RoomPolicy {
        self.ports.room.change_policy(&change).await.unwrap()
    }

    /// A ticket as it is stored.
    pub(crate) async fn ticket(&self, ticket: TicketId) -> Ticket {
        self.ports.room.find(ticket).await.unwrap().expect("there is such a ticket")
    }

    /// The whole room, read just now.
    pub(crate) async fn view(&self) -> (RoomView, Timestamp) {
        let reading = self.ports.room.read_room(None).await.unwrap();
        let taken_at = reading.taken_at;
        (RoomView::of(reading), taken_at)
    }

    pub(crate) async fn overview(&self) -> RoomOverview {
        let (view, now) = self.view().await;
        view.overview(now)
    }

    pub(crate) async fn standing(&self, ticket: TicketId) -> Standing {
        let ticket = self.ticket(ticket).await;
        let (view, now) = self.view().await;
        let issued = Ticket { state: TicketState::Waiting, ..ticket };
        view.place(&issued, now).unwrap_or_else(|| view.outside_the_queue(ticket, now))
    }

    /// Lets a turn have run out a second ago, whether or not the store has noted it.
    pub(crate) async fn run_out_turn(&self, ticket: TicketId) {
        let (id, past) = (self.id(ticket.0), self.instant(self.now() - Duration::seconds(1)));
        self.sql(&format!("UPDATE queue_tickets SET expires_at = {past} WHERE id = {id}")).await;
    }

    /// Lets a hold have run out a second ago, whether or not the store has noted it.
    pub(crate) async fn run_out_hold(&self, reservation: &Reservation) {
        let (id, past) = (self.id(reservation.id.0), self.instant(self.now() - Duration::seconds(1)));
        self.sql(&format!(
            "UPDATE reservations SET expires_at = {past} WHERE id = {id};
             UPDATE seats SET held_until = {past} WHERE reservation_id = {id}"
        ))
        .await;
    }

    /// Runs SQL that has to work.
    pub(crate) async fn sql(&self, sql: &str) {
        self.database.try_sql(sql).await.unwrap();
    }

    /// Insists that the database itself refuses a change, and says so in one of these words.
    pub(crate) async fn refuses(&self, sql: &str, words: [&str; 2]) {
        let error = self.database.try_sql(sql).await.expect_err("the database refuses this");
        assert!(words.iter().any(|words| error.contains(words)), "expected one of {words:?}, got {error:?}");
    }

    pub(crate) async fn number(&self, sql: &str) -> i64 {
        self.database.number(sql).await
    }

    /// How the store writes an id in SQL.
    pub(crate) fn id(&self, id: Uuid) -> String {
        self.database.id(id)
    }

    /// How the store writes an instant in SQL.
    pub(crate) fn instant(&self, instant: Timestamp) -> String {
        match self.database {
            Database::Sqlite { .. } => instant.timestamp_micros().to_string(),
            Database::Postgres { .. } => {
                format!("'{}'", instant.to_rfc3339_opts(SecondsFormat::Micros, true))
            }
        }
    }

    /// How many rows there are of everything, in every state.
    pub(crate) async fn tally(&self) -> Vec<i64> {
        let questions = [
            "SELECT count(*) FROM reservations WHERE status = 'RESERVED'",
            "SELECT count(*) FROM reservations WHERE status = 'PAID'",
            "SELECT count(*) FROM reservations WHERE status = 'CANCELLED'",
            "SELECT count(*) FROM reservations WHERE status = 'EXPIRED'",
            "SELECT count(*) FROM reserved_seats",
            "SELECT count(*) FROM reserved_seats WHERE sold",
            "SELECT count(*) FROM seats WHERE reservation_id IS NOT NULL",
            "SELECT count(DISTINCT reservation_id) FROM seats",
            "SELECT count(*) FROM seats WHERE sold",
            "SELECT coalesce(sum(holds_made), 0) FROM hold_counts",
            "SELECT count(*) FROM queue_tickets WHERE status = 'WAITING'",
            "SELECT count(*) FROM queue_tickets WHERE status = 'ACTIVE'",
            "SELECT count(*) FROM queue_tickets WHERE status = 'ENDED'",
            "SELECT count(*) FROM queue_tickets WHERE claimed_at IS NOT NULL",
            "SELECT count(*) FROM queue_tickets WHERE passed_over",
            "SELECT last_number FROM waiting_room",
            "SELECT count(*) FROM payments",
            "SELECT count(*) FROM payments WHERE status = 'REFUNDED'",
            "SELECT count(*) FROM refunds",
            "SELECT count(*) FROM ledger_entries",
            "SELECT coalesce(sum(entries), 0) FROM wallets",
            "SELECT coalesce(sum(balance), 0) FROM wallets",
            "SELECT count(*) FROM idempotency_records",
        ];
        self.database.numbers(&questions).await
    }

    /// Does something that must not change anything.
    pub(crate) async fn without_a_trace<T>(&self, doing: impl Future<Output = T>) -> T {
        let before = self.tally().await;
        let done = doing.await;
        assert_eq!(self.tally().await, before, "expected nothing to change, see `Stage::tally`");
        done
    }

    /// Insists on what is true of a room and of wallets whatever has happened.
    pub(crate) async fn check_invariants(&self) {
        let questions = [
            "SELECT last_number FROM waiting_room",
            "SELECT count(*) FROM queue_tickets",
            "SELECT coalesce(max(number), 0) FROM queue_tickets",
        ];
        let numbers = self.database.numbers(&questions).await;
        assert!(numbers.iter().all(|number| *number == numbers[0]), "expected no gap, got {numbers:?}");
        let questions = [
            "SELECT count(*) FROM wallets WHERE balance <> \
             (SELECT coalesce(sum(amount), 0) FROM ledger_entries WHERE user_id = wallets.user_id)",
            "SELECT count(*) FROM wallets WHERE entries <> \
             (SELECT coalesce(max(sequence), 0) FROM ledger_entries WHERE user_id = wallets.user_id)",
            "SELECT count(*) FROM wallets WHERE entries <> \
             (SELECT count(*) FROM ledger_entries WHERE user_id = wallets.user_id)",
            "SELECT count(*) FROM payments WHERE 1 <> \
             (SELECT count(*) FROM ledger_entries WHERE reference = payments.id AND kind = 'PAYMENT' \
              AND amount = -payments.amount)",
            "SELECT count(*) FROM reservations WHERE (status = 'PAID') <> \
             EXISTS (SELECT 1 FROM payments WHERE reservation_id = reservations.id AND status = 'PAID')",
            "SELECT count(*) FROM payments WHERE (status = 'REFUNDED') <> \
             EXISTS (SELECT 1 FROM refunds WHERE payment_id = payments.id)",
            "SELECT count(*) FROM payments WHERE (status = 'REFUNDED') <> EXISTS \
             (SELECT 1 FROM ledger_entries WHERE reference = payments.id AND kind = 'REFUND' \
              AND amount = payments.amount)",
            "SELECT count(*) FROM reserved_seats WHERE sold AND NOT EXISTS \
             (SELECT 1 FROM seats WHERE seats.reservation_id = reserved_seats.reservation_id \
              AND seats.seat_number = reserved_seats.seat_number AND seats.sold)",
            "SELECT count(*) FROM reservations WHERE total_price <> \
             (SELECT coalesce(sum(price), -1) FROM reserved_seats WHERE reservation_id = reservations.id)",
        ];
        let broken = self.database.numbers(&questions).await;
        assert!(
            broken.iter().all(|number| *number == 0),
            "expected every balance to be the sum of its ledger, \
                 and all or nothing of every payment and hold, got {broken:?}"
        );
    }

    /// All seats of a schedule.
    pub(crate) async fn seats(&self, show: &Show) -> Vec<Seat> {
        self.ports.catalog.seats(show.schedule).await.unwrap().expect("there is such a schedule").1
    }

    /// What anybody may know of some seats.
    pub(crate) async fn seat_statuses(&self, show: &Show, numbers: &[i64]) -> Vec<SeatStatus> {
        let (seats, now) = (self.seats(show).await, self.now());
        let status = |wanted: &i64| {
            let seat = seats.iter().find(|seat| seat.number == number(*wanted)).unwrap();
            seat.occupancy.status_at(now)
        };
        numbers.iter().map(status).collect()
    }

    pub(crate) async fn holds_made(&self, guest: Guest) -> i64 {
        let user = self.id(guest.user.0);
        self.number(&format!("SELECT coalesce(sum(holds_made), 0) FROM hold_counts WHERE user_id = {user}"))
            .await
    }

    /// A user's reservation.
    pub(crate) async fn reservation(&self, reservation: &Reservation) -> Reservation {
        let found = self.ports.reservations.find(reservation.user, reservation.id).await.unwrap();
        found.expect("there is such a reservation")
    }

    pub(crate) async fn max_active(&self, number: i64) {
        let max_active = Some(Bounded::new(number).unwrap());
        self.change_policy(PolicyChange { max_active, ..no_change() }).await;
    }

    /// A schedule a month from now, on sale, with the seats 1 to 50.
    pub(crate) async fn schedule(&self) -> Show {
        let concert = self.concert().await;
        self.schedule_of(&concert, Duration::days(30)).await
    }

    pub(crate) async fn concert(&self) -> Concert {
        let concert = Concert {
            id: new_id::<ConcertId>(),
            name: Name::new("A concert").unwrap(),
            time_zone: TimeZone::default(),
            created_at: self.now(),
        };
        self.ports.catalog.add_concert(&concert).await.unwrap();
        concert
    }

    /// A schedule of a concert, on sale, with the seats 1 to 50.
    pub(crate) async fn schedule_of(&self, concert: &Concert, from_now: Duration) -> Show {
        self.add_schedule(concert, from_now, number(1), number(50), PRICE).await
    }

    /// A schedule a month from now, on sale, with some seats of one price.
    pub(crate) async fn schedule_with_seats(&self, from: i64, to: i64, price: Money) -> Show {
        let concert = self.concert().await;
        self.add_schedule(&concert, Duration::days(30), number(from), number(to), price).await
    }

    async fn add_schedule(
        &self,
        concert: &Concert,
        from_now: Duration,
        from: SeatNumber,
        to: SeatNumber,
        price: Money,
    ) -> Show {
        let plan =
            SeatPlan::new(vec![SeatRange { from, to, grade: Name::new("R").unwrap(), price }]).unwrap();
        let starts_at = self.now() + from_now;
        let schedule = Schedule {
            id: new_id::<ScheduleId>(),
            concert: concert.id,
            starts_at,
            sales: SalesWindow::new(starts_at, None, None, self.now()).unwrap(),
            total_seats: plan.total_seats(),
        };
        let seats: Vec<Seat> = plan.seats(schedule.id, new_id::<SeatId>);
        self.ports.catalog.add_schedule(&schedule, &seats).await.unwrap();
        Show { concert: concert.id, concert_name: concert.name.clone(), schedule: schedule.id, starts_at }
    }

    /// The decision that `guest` holds seats for as long as `hold_time` says, which may be over already.
    pub(crate) async fn decide_hold(
        &self,
        guest: Guest,
        show: &Show,
        seats: &[i64],
        hold_time: Duration,
    ) -> SeatsHeld {
        let request = guest.hold_request(show, seats);
        let facts = self.ports.inventory.load_for_hold(&request, None, self.now()).await.unwrap();
        let reserved = |seat: &i64| ReservedSeat {
            number: number(*seat),
            name: number(*seat).seat_name(),
            grade: Name::new("R").unwrap(),
            price: PRICE,
        };
        let now = self.now();
        SeatsHeld {
            ticket: guest.ticket,
            reservation: Reservation {
                id: new_id::<ReservationId>(),
                user: guest.user,
                show: show.clone(),
                seats: seats.iter().map(reserved).collect(),
                total_price: seats.iter().map(|_| PRICE).sum(),
                status: ReservationStatus::Reserved,
                reserved_at: now,
                expires_at: now + hold_time,
            },
            holds_made: facts.holds.holds_made,
            keyed: None,
        }
    }

    /// Seats held by `guest`, for five minutes.
    pub(crate) async fn hold(&self, guest: Guest, show: &Show, seats: &[i64]) -> Reservation {
        let held = self.decide_hold(guest, show, seats, Duration::minutes(5)).await;
        assert_eq!(self.ports.inventory.commit_hold(&held).await.unwrap(), Commit::Committed(()));
        held.reservation
    }

    /// Seats held by `guest`, whose hold ran out a second ago.
    pub(crate) async fn hold_that_ran_out(&self, guest: Guest, show: &Show, seats: &[i64]) -> Reservation {
        let held = self.decide_hold(guest, show, seats, Duration::seconds(-1)).await;
        assert_eq!(self.ports.inventory.commit_hold(&held).await.unwrap(), Commit::Committed(()));
        held.reservation
    }

    pub(crate) fn decide_charge(&self, guest: Guest, amount: Money) -> BalanceCharged {
        BalanceCharged {
            ticket: guest.ticket,
            user: guest.user,
            entry: new_id::<TransactionId>(),
            amount,
            balance_at_most: Money::from_units(1_000_000),
            at: self.now(),
            keyed: None,
        }
    }

    pub(crate) async fn charge(&self, guest: Guest, amount: Money) {
        let charged = self.ports.wallets.commit_charge(&self.decide_charge(guest, amount)).await.unwrap();
        assert!(matches!(charged, Commit::Committed(_)), "expected to be charged, got {charged:?}");
    }

    pub(crate) fn decide_payment(&self, guest: Guest, reservation: &Reservation) -> Settlement {
        Settlement {
            ticket: guest.ticket,
            payment: Payment {
                id: new_id::<PaymentId>(),
                reservation: reservation.id,
                user: guest.user,
                amount: reservation.total_price,
                status: PaymentStatus::Paid,
                paid_at: self.now(),
            },
            seats: reservation.seats.len(),
            entry: new_id::<TransactionId>(),
            keyed: None,
        }
    }
    /// A guest's reservation, paid with what was charged before.
    pub(crate) async fn pay(&self, guest: Guest, reservation: &Reservation) -> Payment {
        let settlement = self.decide_payment(guest, reservation);
        let paid = self.ports.payments.commit_payment(&settlement).await.unwrap();
        assert!(matches!(paid, Commit::Committed(_)), "expected to be paid, got {paid:?}");
        settlement.payment
    }

    pub(crate) fn decide_refund(&self, payment: &Payment, seats: usize) -> Refund {
        Refund {
            payment: Payment { status: PaymentStatus::Refunded, ..payment.clone() },
            seats,
            entry: new_id::<TransactionId>(),
            reason: Reason::new("The band is ill").unwrap(),
            refunded_at: self.now(),
        }
    }

    /// A guest's reservation of some seats, charged for and paid.
    pub(crate) async fn hold_and_pay(
        &self,
        guest: Guest,
        show: &Show,
        seats: &[i64],
    ) -> (Reservation, Payment) {
        let reservation = self.hold(guest, show, seats).await;
        self.charge(guest, reservation.total_price).await;
        let payment = self.pay(guest, &reservation).await;
        (reservation, payment)
    }
}

/// Leaves the policy as it is.
pub(crate) fn no_change() -> PolicyChange {
    PolicyChange::default()
}

pub(crate) fn is_active(ticket: &Ticket) -> bool {
    matches!(ticket.state, TicketState::Active { .. })
}

pub(crate) fn ended(reason: EndReason) -> TicketState {
    TicketState::Ended { reason }
}
