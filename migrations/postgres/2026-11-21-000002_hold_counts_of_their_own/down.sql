ALTER TABLE hold_counts
    ADD CONSTRAINT hold_counts_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id),
    ADD CONSTRAINT hold_counts_schedule_id_fkey FOREIGN KEY (schedule_id) REFERENCES schedules (id);
