//! Runs asynchronous work from a command.

use crate::error::ConformanceError;

/// Waits for a future, on a runtime of its own.
pub fn block_on<T>(future: impl Future<Output = T>) -> Result<T, ConformanceError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    Ok(runtime.block_on(future))
}
