//! What both stores make of rows they have read.

use std::collections::HashMap;

use domain::{
    catalog::{Concert, Schedule, ScheduleAvailability},
    page::{Cursor, Page, PageRequest},
    payment::Payment,
    storage::StorageError,
    wallet::LedgerEntry,
};

use crate::{
    rows::{ConcertRow, LedgerEntryRow, PaymentRow, ScheduleRow},
    sql_types::StoredId,
};

pub(crate) fn concert_page(rows: Vec<ConcertRow>, page: PageRequest) -> Result<Page<Concert>, StorageError> {
    let concerts = rows.into_iter().map(Concert::try_from).collect::<Result<_, _>>()?;
    let cursor =
        |concert: &Concert| Cursor { position: concert.created_at.timestamp_micros(), id: concert.id.0 };
    Ok(Page::of(concerts, page.limit, cursor))
}

pub(crate) fn payment_page(rows: Vec<PaymentRow>, page: PageRequest) -> Result<Page<Payment>, StorageError> {
    let payments = rows.into_iter().map(Payment::try_from).collect::<Result<_, _>>()?;
    Ok(Page::of(payments, page.limit, Payment::cursor))
}

pub(crate) fn ledger_page(
    rows: Vec<LedgerEntryRow>,
    page: PageRequest,
) -> Result<Page<LedgerEntry>, StorageError> {
    let entries = rows.into_iter().map(LedgerEntry::try_from).collect::<Result<_, _>>()?;
    Ok(Page::of(entries, page.limit, LedgerEntry::cursor))
}

/// Schedules with the number of their free seats; one that is not among `free` has none.
pub(crate) fn with_free_seats(
    rows: Vec<ScheduleRow>,
    free: &HashMap<StoredId, i64>,
) -> Result<Vec<ScheduleAvailability>, StorageError> {
    let availability = |row: ScheduleRow| {
        let schedule = Schedule::try_from(row)?;
        let free = free.get(&StoredId(schedule.id.0)).copied().unwrap_or_default();
        let available_seats = u8::try_from(free).map_err(StorageError::unexpected)?;
        Ok(ScheduleAvailability { schedule, available_seats })
    };
    rows.into_iter().map(availability).collect()
}
