//! The provider's own registers.
