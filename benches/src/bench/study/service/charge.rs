//! Charging a balance.

use adapter_persistence::Ports;
use domain::{
    commit::{Commit, until_not_stale},
    ids::{TicketId, TransactionId, UserId},
    money::Money,
    waiting_room::require_turn,
    wallet::{BalanceCharged, ChargePolicy, ChargeRefused, ChargeRequest, LedgerEntry},
};
use encore_benches::generator::{Attempt, Told};
use uuid::Uuid;

use super::NotDone;
use crate::study::charges::Wish;

/// Charges a balance; nothing may stand in the way.
pub(in crate::study) async fn charge(ports: &Ports, wish: &Wish) -> Attempt {
    let request = ChargeRequest {
        user: UserId(wish.user),
        ticket: TicketId(wish.ticket),
        amount: Money::from_units(wish.amount),
    };
    let mut tries = 0;
    let done = until_not_stale(|| {
        tries += 1;
        try_charge(ports, &request)
    });
    match done.await.map_err(NotDone::refusal) {
        Ok(_) => Attempt { told: Told::Made, retries: tries - 1 },
        Err(unexpected) => panic!("expected every charge to be made: {unexpected}"),
    }
}

async fn try_charge(
    ports: &Ports,
    request: &ChargeRequest,
) -> Result<Commit<LedgerEntry>, NotDone<ChargeRefused>> {
    let now = ports.clock.now();
    let facts = ports.wallets.load_for_charge(request, None).await?;
    require_turn(facts.ticket.as_ref(), now).expect("everybody's turn lasts");
    let balance_at_most = facts.charge(request.amount, &ChargePolicy::default()).map_err(NotDone::Refused)?;
    let charged = BalanceCharged {
        ticket: request.ticket,
        user: request.user,
        balance_at_most,
        entry: TransactionId(Uuid::now_v7()),
        amount: request.amount,
        at: now,
        keyed: None,
    };
    Ok(ports.wallets.commit_charge(&charged).await?)
}
