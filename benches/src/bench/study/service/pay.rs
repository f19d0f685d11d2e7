//! Paying for a hold, without the admission of whoever is next.

use adapter_persistence::Ports;
use domain::{
    commit::{Commit, until_not_stale},
    ids::{PaymentId, ReservationId, TicketId, TransactionId, UserId},
    money::Money,
    payment::{PaymentRefused, PaymentRequest, Settlement},
    waiting_room::{NoTurn, require_turn},
};
use encore_benches::generator::{Attempt, Told};
use uuid::Uuid;

use super::NotDone;
use crate::study::pays::Wish;

/// Why a hold was not paid.
enum NotPaid {
    NoTurn(NoTurn),
    Refused(PaymentRefused),
}

/// Pays for a hold, unless it is paid: then the turn is over, too.
pub(in crate::study) async fn pay(ports: &Ports, wish: &Wish) -> Attempt {
    let request = PaymentRequest {
        user: UserId(wish.user),
        ticket: TicketId(wish.ticket),
        reservation: ReservationId(wish.reservation),
        expected_amount: None,
    };
    let mut tries = 0;
    let done = until_not_stale(|| {
        tries += 1;
        try_pay(ports, &request)
    });
    let told = match done.await.map_err(NotDone::refusal) {
        Ok(_) => Told::Made,
        Err(NotPaid::NoTurn(NoTurn::Ended(_)) | NotPaid::Refused(PaymentRefused::AlreadyPaid)) => {
            Told::Refused
        }
        Err(NotPaid::NoTurn(unexpected)) => panic!("expected the turn to have ended at worst: {unexpected}"),
        Err(NotPaid::Refused(unexpected)) => panic!("expected a paid reservation at worst: {unexpected}"),
    };
    Attempt { told, retries: tries - 1 }
}

async fn try_pay(ports: &Ports, request: &PaymentRequest) -> Result<Commit<Money>, NotDone<NotPaid>> {
    let now = ports.clock.now();
    let facts = ports.payments.load_for_payment(request, None).await?;
    require_turn(facts.ticket.as_ref(), now).map_err(|refusal| NotDone::Refused(NotPaid::NoTurn(refusal)))?;
    let settled = facts.settle(request, PaymentId(Uuid::now_v7()), now);
    let (payment, seats) = settled.map_err(|refusal| NotDone::Refused(NotPaid::Refused(refusal)))?;
    let settlement = Settlement {
        ticket: request.ticket,
        payment,
        seats,
        entry: TransactionId(Uuid::now_v7()),
        keyed: None,
    };
    Ok(ports.payments.commit_payment(&settlement).await?)
}
