mod admissions;
mod dropping;
mod lookups;
mod measurements;
mod readings;
mod roll_calls;
mod stage;
