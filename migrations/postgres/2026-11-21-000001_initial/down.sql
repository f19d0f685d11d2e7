DROP TABLE idempotency_records, hold_counts, ledger_entries, refunds, payments, wallets, reserved_seats, seats, reservations, schedules,
    concerts, queue_tickets, waiting_room, users;
DROP FUNCTION ledger_entries_stay;
DROP FUNCTION queue_tickets_stamp;
