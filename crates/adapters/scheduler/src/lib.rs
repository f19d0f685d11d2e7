//! adapter-scheduler
