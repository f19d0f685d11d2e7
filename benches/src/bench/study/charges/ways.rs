//! Charging a balance as textbooks have it, statement by statement: the wallet, and an entry of its ledger.

use encore_benches::generator::{Attempt, Told};
use tokio_postgres::Row;
use uuid::Uuid;

use super::Wish;
use crate::study::sessions::{Session, Sessions};

macro_rules! read_wallet {
    ($locked:literal) => {
        concat!(
            "
            SELECT wallets.balance::bigint AS balance, wallets.entries,
                   EXISTS (
                       SELECT FROM queue_tickets
                       WHERE id = $2 AND user_id = $1 AND status = 'ACTIVE' AND expires_at > clock_timestamp()
                   ) AS has_turn
            FROM wallets WHERE wallets.user_id = $1",
            $locked
        )
    };
}

const READ: &str = read_wallet!("");
const LOCK: &str = read_wallet!(" FOR UPDATE OF wallets");
/// The count of the ledger's entries is the wallet's version: every change of the balance adds one.
const CHANGE: &str = "
    UPDATE wallets SET balance = $3::bigint, entries = entries + 1 WHERE user_id = $1 AND entries = $2";
const ENTER: &str = "
    INSERT INTO ledger_entries (id, user_id, sequence, kind, amount, balance_after, at)
    VALUES ($1, $2, $3, 'CHARGE', $4::bigint, $5::bigint, clock_timestamp())";

pub(super) const STATEMENTS: &[&str] = &[READ, LOCK, CHANGE, ENTER];

/// Reads the wallet, and changes it if it is still the version that was read; begins again if it is not.
pub(super) async fn optimistic(sessions: &Sessions, wish: &Wish) -> Attempt {
    let session = sessions.lend().await;
    let mut retries = 0;
    loop {
        let wallet = session.row(READ, &[&wish.user, &wish.ticket]).await;
        session.begin().await;
        if charge(&session, wish, &wallet).await {
            session.commit().await;
            return Attempt { told: Told::Made, retries };
        }
        session.rollback().await;
        retries += 1;
    }
}

/// Locks the wallet, waiting for whoever has locked it, and changes it.
pub(super) async fn pessimistic(sessions: &Sessions, wish: &Wish) -> Attempt {
    let session = sessions.lend().await;
    session.begin().await;
    let wallet = session.row(LOCK, &[&wish.user, &wish.ticket]).await;
    assert!(charge(&session, wish, &wallet).await, "expected a locked wallet to stay as it is");
    session.commit().await;
    Attempt { told: Told::Made, retries: 0 }
}

/// Whether the wallet was as it was read, and is charged now.
async fn charge(session: &Session, wish: &Wish, wallet: &Row) -> bool {
    assert!(wallet.get::<_, bool>("has_turn"), "expected nothing to stand in the way");
    let [balance, entries] = ["balance", "entries"].map(|column| wallet.get::<_, i64>(column));
    let (amount, sequence) = (i64::from(wish.amount), entries + 1);
    let balance_after = balance + amount;
    if session.change(CHANGE, &[&wish.user, &entries, &balance_after]).await == 0 {
        return false;
    }
    let entry = Uuid::now_v7();
    session.change(ENTER, &[&entry, &wish.user, &sequence, &amount, &balance_after]).await == 1
}
