-- A hold is counted by the very statement that makes a reservation of the same user and schedule, whose foreign keys are
-- checked there: to check them here again would only make the busiest statement of all slower.
ALTER TABLE hold_counts
    DROP CONSTRAINT hold_counts_user_id_fkey,
    DROP CONSTRAINT hold_counts_schedule_id_fkey;
