//! adapter-credentials
