//! Routes of the inner API that its description has to have as well: what is served and what is listed is one list.

/// A scope, and its routes as they are listed: the method in small letters and the path.
macro_rules! routes {
    ($base:literal: $($method:ident $path:literal => $handler:path,)+) => {
        /// Each route: its method in small letters, and its path.
        pub const ROUTES: &[(&str, &str)] = &[$((stringify!($method), concat!($base, $path))),+];

        /// Serves them.
        pub fn scope() -> actix_web::Scope {
            actix_web::web::scope($base)$(.route($path, actix_web::web::$method().to($handler)))+
        }
    };
}
pub(crate) use routes;
