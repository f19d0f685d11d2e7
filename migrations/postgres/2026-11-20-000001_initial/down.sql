DROP TABLE idempotency_records, ledger_entries, payments, wallets, reserved_seats, seats, reservations, schedules,
    concerts, queue_tickets, waiting_room, users;
DROP FUNCTION ledger_entries_stay;
