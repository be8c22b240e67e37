//! Why a source cannot be set up.

use thiserror::Error;

/// Why a source cannot be set up; a sentence for the operator.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SourceSetupFault {
    #[error("headers: {0} is no header name or its value no header text")]
    Header(String),
    #[error("headers: secrets do not belong here; use bearer_token_file")]
    SecretHeader,
    #[error("bearer_token_file cannot be read or holds no token")]
    TokenFile,
    #[error("bounds: {0} must not be zero")]
    Zero(&'static str),
    #[error("folder is no folder that can be read")]
    Folder,
    #[error("the folder cannot be watched")]
    Watch,
}
