//! The errors of the domain are those of the table `fixtures/error-codes.toml`.

pub use bandwidth_fixtures::ApiError as DomainError;
