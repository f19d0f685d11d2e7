//! adapter-persistence
