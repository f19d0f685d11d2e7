//! The faults that are planted, each with the promise that it breaks and the test that finds it.

/// A piece of a file's text, and what stands there instead.
pub(crate) struct Edit {
    pub(crate) file: &'static str,
    pub(crate) find: &'static str,
    pub(crate) replace: &'static str,
}

/// Which test finds a fault.
#[derive(Clone, Copy)]
pub(crate) struct Finder {
    pub(crate) package: &'static str,
    /// The integration test; the unit tests of the package if there is none.
    pub(crate) test: Option<&'static str>,
    pub(crate) filter: &'static str,
}

/// A fault.
pub(crate) struct Fault {
    /// What is wrong with it.
    pub(crate) name: &'static str,
    /// The promise of `docs/promises.md` that it breaks; `-` for what is promised elsewhere.
    pub(crate) promise: &'static str,
    pub(crate) edits: &'static [Edit],
    pub(crate) finder: Finder,
}

const fn contract(filter: &'static str) -> Finder {
    Finder { package: "encore-tests", test: Some("contract"), filter }
}

const fn integration(test: &'static str, filter: &'static str) -> Finder {
    Finder { package: "encore-tests", test: Some(test), filter }
}

const fn unit(package: &'static str, filter: &'static str) -> Finder {
    Finder { package, test: None, filter }
}

pub(crate) const FAULTS: &[Fault] = &[
    Fault {
        name: "the unique index of sold seats is dropped",
        promise: "P1",
        edits: &[Edit {
            file: "migrations/postgres/2026-11-21-000001_initial/up.sql",
            find: "CREATE UNIQUE INDEX reserved_seats_are_sold_once",
            replace: "CREATE INDEX reserved_seats_are_sold_once",
        }],
        finder: contract("constraints::postgres::a_seat_that_is_sold_twice_is_refused"),
    },
    Fault {
        name: "a hold takes seats that are held already (PostgreSQL)",
        promise: "P1",
        edits: &[Edit {
            file: "crates/adapters/persistence/src/postgres/hold_seats.rs",
            find: "AND NOT sold AND (held_until IS NULL OR held_until <= clock_timestamp())",
            replace: "AND NOT sold",
        }],
        finder: contract("seat_inventory::postgres::a_seat_that_one_holds_oneself_can_not_be_held_again"),
    },
    Fault {
        name: "a hold is made of those of its seats that are free (PostgreSQL)",
        promise: "P1",
        edits: &[Edit {
            file: "crates/adapters/persistence/src/postgres/hold_seats.rs",
            find: "AND found.is_first AND found.seats_found = found.seats AND found.price_found = found.total_price",
            replace: "AND found.is_first",
        }],
        finder: contract("seat_inventory::postgres::one_seat_that_is_held_spoils_the_whole_hold"),
    },
    Fault {
        name: "a hold takes seats that are held already (SQLite)",
        promise: "P1",
        edits: &[Edit {
            file: "crates/adapters/persistence/src/sqlite/hold_seats.rs",
            find: ".filter(seats::held_until.is_null().or(seats::held_until.le(now)))",
            replace: "",
        }],
        finder: contract("seat_races::sqlite::of_fifty_guests_who_want_one_seat_one_gets_it"),
    },
    Fault {
        name: "a payment may take more than the balance (SQLite)",
        promise: "P2",
        edits: &[Edit {
            file: "crates/adapters/persistence/src/sqlite/payments.rs",
            find: "    stale_unless(balance >= payment.amount)?;\n",
            replace: "",
        }],
        finder: contract("payment_conditions::sqlite::a_balance_that_is_too_small_leaves_the_hold"),
    },
    Fault {
        name: "a refund does not look at whether the reservation is paid (PostgreSQL)",
        promise: "P2",
        edits: &[Edit {
            file: "crates/adapters/persistence/src/postgres/payments.rs",
            find: "              AND reservations.status = 'PAID'\n",
            replace: "",
        }],
        finder: contract("refunds::postgres::what_does_not_fit_together_is_not_refunded"),
    },
    Fault {
        name: "who has lost is refused although the key stands for an earlier hold",
        promise: "P3",
        edits: &[Edit {
            file: "crates/application/reservation/src/refuse_losers.rs",
            find: "if let Some(key) = key\n            && self.inventory.is_key_used(request.user, key).await?",
            replace: "if let Some(key) = key\n            && key.as_str().is_empty()",
        }],
        finder: integration(
            "http",
            "holds::sqlite::whoever_asks_again_with_the_key_of_a_hold_is_not_told_that_the_seat_is_taken",
        ),
    },
    Fault {
        name: "a cancellation is told while an earlier look at the seats still refuses others",
        promise: "-",
        edits: &[Edit {
            file: "crates/application/reservation/src/cancel_reservation.rs",
            find: "            self.timer.wait(GIVEN_BACK_TOLD_AFTER).await;\n",
            replace: "",
        }],
        finder: integration(
            "http",
            "races::postgres::a_seat_that_was_given_back_in_the_middle_of_a_storm_is_not_told_to_be_taken",
        ),
    },
    Fault {
        name: "the idempotency record is written in a transaction of its own (SQLite)",
        promise: "P3",
        edits: &[
            Edit {
                file: "crates/adapters/persistence/src/sqlite/payments.rs",
                find: "    let (key, result) = (settlement.keyed.as_ref(), payment.id.0);
    store_record(connection, payment.user, Operation::PayReservation, key, result, now)?;
",
                replace: "",
            },
            Edit {
                file: "crates/adapters/persistence/src/sqlite/payments.rs",
                find: "        let (settlement, now) = (settlement.clone(), self.writing_clock());
        self.writer
            .commit(StoredChange::PayReservation, move |connection| {
                commit_payment(connection, &settlement, moment(now()))
            })
            .await
",
                replace: "        let (settlement, now) = (settlement.clone(), self.writing_clock());
        let later = (settlement.clone(), self.writing_clock());
        let committed = self
            .writer
            .commit(StoredChange::PayReservation, move |connection| {
                commit_payment(connection, &settlement, moment(now()))
            })
            .await?;
        self.writer
            .write(StoredChange::ForgetKeys, move |connection| {
                let (settlement, now) = later;
                let (payment, key) = (&settlement.payment, settlement.keyed.as_ref());
                let (now, result) = (moment(now()), payment.id.0);
                store_record(connection, payment.user, Operation::PayReservation, key, result, now)
            })
            .await?;
        Ok(committed)
",
            },
        ],
        finder: integration("faults", "sqlite::a_payment_that_fails_is_made_once_or_not_at_all"),
    },
    Fault {
        name: "numbers are handed out with gaps",
        promise: "P4",
        edits: &[Edit {
            file: "crates/domain/src/waiting_room/joining.rs",
            find: "number += 1;",
            replace: "number += 2;",
        }],
        finder: contract(
            "waiting_room::postgres::a_hundred_who_join_at_once_get_numbers_without_gaps_or_repeats",
        ),
    },
    Fault {
        name: "the room is changed without its lock (PostgreSQL)",
        promise: "P5",
        edits: &[Edit {
            file: "crates/adapters/persistence/src/postgres/room_lock.rs",
            find: "(SELECT * FROM waiting_room FOR NO KEY UPDATE)",
            replace: "(SELECT * FROM waiting_room)",
        }],
        finder: contract("postgres::whoever_admits_waits_for_whoever_has_the_room_locked"),
    },
    Fault {
        name: "`<` for `<=` at the expiry of a hold",
        promise: "P6",
        edits: &[Edit {
            file: "crates/domain/src/reservation/record.rs",
            find: "ReservationStatus::Reserved if self.expires_at <= now",
            replace: "ReservationStatus::Reserved if self.expires_at < now",
        }],
        finder: unit("domain", "an_unpaid_hold_counts_until_just_before_it_runs_out"),
    },
    Fault {
        name: "a hold that has run out can be paid (PostgreSQL)",
        promise: "P6",
        edits: &[
            Edit {
                file: "crates/adapters/persistence/src/postgres/pay_reservation.rs",
                find: "AND hold.status = 'RESERVED' AND hold.expires_at > clock_timestamp()",
                replace: "AND hold.status = 'RESERVED'",
            },
            Edit {
                file: "crates/adapters/persistence/src/postgres/pay_reservation.rs",
                find: "WHERE expires_at > clock_timestamp() AND turn_expires_at > clock_timestamp()",
                replace: "WHERE turn_expires_at > clock_timestamp()",
            },
        ],
        finder: contract("payment_conditions::postgres::a_hold_that_ran_out_is_not_paid"),
    },
    Fault {
        name: "`synchronous=OFF`",
        promise: "P7",
        edits: &[Edit {
            file: "crates/adapters/persistence/src/sqlite/connect.rs",
            find: "PRAGMA synchronous = FULL",
            replace: "PRAGMA synchronous = OFF",
        }],
        finder: integration("power_cuts", "what_was_acknowledged_survives_a_power_cut"),
    },
    Fault {
        name: "a change is acknowledged whether or not it was committed (SQLite)",
        promise: "P7",
        edits: &[Edit {
            file: "crates/adapters/persistence/src/sqlite/writer.rs",
            find: "change.answer(committed.clone());",
            replace: "change.answer(Ok(()));",
        }],
        finder: integration("faults", "sqlite::a_charge_that_fails_is_made_once_or_not_at_all"),
    },
    Fault {
        name: "a payment leaves the turn as it is (PostgreSQL)",
        promise: "P8",
        edits: &[Edit {
            file: "crates/adapters/persistence/src/postgres/pay_reservation.rs",
            find: "FROM due WHERE queue_tickets.id = due.ticket",
            replace: "FROM due WHERE queue_tickets.id = due.ticket AND false",
        }],
        finder: contract("payments::postgres::a_payment_frees_the_slot_of_its_turn"),
    },
    Fault {
        name: "a reservation is found whoever asks",
        promise: "P9",
        edits: &[Edit {
            file: "crates/adapters/persistence/src/queries.rs",
            find: "        .filter(reservations::id.eq(id))
        .filter(reservations::user_id.eq(user))
}

/// For SQLite, on which",
            replace: "        .filter(reservations::id.eq(id))
        .filter(reservations::user_id.eq(user).or(reservations::user_id.ne(user)))
}

/// For SQLite, on which",
        }],
        finder: integration("http", "ownership::sqlite::nobody_sees_or_changes_what_is_anothers"),
    },
    Fault {
        name: "an access token is taken for a queue token",
        promise: "P9",
        edits: &[Edit {
            file: "crates/adapters/credentials/src/json_web_tokens.rs",
            find: "const QUEUE_AUDIENCE: &str = \"encore:queue\";",
            replace: "const QUEUE_AUDIENCE: &str = \"encore:access\";",
        }],
        finder: unit("adapter-credentials", "a_token_of_one_kind_is_refused_as_the_other"),
    },
    Fault {
        name: "a turn that ran out counts until somebody notes it (PostgreSQL)",
        promise: "P10",
        edits: &[
            Edit {
                file: "crates/adapters/persistence/src/postgres/hold_seats.rs",
                find: "AND ticket.status = 'ACTIVE' AND ticket.expires_at > clock_timestamp()",
                replace: "AND ticket.status = 'ACTIVE'",
            },
            Edit {
                file: "crates/adapters/persistence/src/postgres/hold_seats.rs",
                find: "            WHERE turn_expires_at > clock_timestamp()
              AND (SELECT",
                replace: "            WHERE (SELECT",
            },
        ],
        finder: contract("seat_inventory::postgres::seats_are_not_held_with_the_wrong_ticket"),
    },
];

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::FAULTS;

    #[test]
    fn every_fault_fits_the_code_at_exactly_one_place() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        for edit in FAULTS.iter().flat_map(|fault| fault.edits) {
            let text = fs::read_to_string(root.join(edit.file)).unwrap();
            assert_eq!(text.matches(edit.find).count(), 1, "{}: {}", edit.file, edit.find);
        }
    }
}
