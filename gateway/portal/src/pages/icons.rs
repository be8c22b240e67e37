//! Small drawings, inline because the pages load nothing. They repeat what stands beside them in words.

use maud::{Markup, html};

/// The mark of the product: two gates of a lock.
pub(super) fn gate() -> Markup {
    html! {
        svg.mark viewBox="0 0 32 32" width="32" height="32" aria-hidden="true" focusable="false" {
            rect width="32" height="32" rx="8" fill="currentColor" {}
            path d="M9 7v18M23 7v18M9 11l7 5 7-5M9 21l7-5 7 5" fill="none" stroke="#fff" stroke-width="2"
                stroke-linecap="round" stroke-linejoin="round" {}
        }
    }
}

pub(super) fn check() -> Markup {
    html! {
        svg.icon viewBox="0 0 24 24" width="24" height="24" aria-hidden="true" focusable="false" {
            circle cx="12" cy="12" r="11" fill="currentColor" {}
            path d="M7 12.5l3.4 3.4L17 9" fill="none" stroke="#fff" stroke-width="2.2" stroke-linecap="round"
                stroke-linejoin="round" {}
        }
    }
}

pub(super) fn warning() -> Markup {
    html! {
        svg.icon viewBox="0 0 24 24" width="24" height="24" aria-hidden="true" focusable="false" {
            path d="M10.3 2.9 1.3 18.6A2 2 0 0 0 3 21.6h18a2 2 0 0 0 1.7-3L13.7 2.9a2 2 0 0 0-3.4 0z" fill="currentColor" {}
            path d="M12 8v6M12 17.6v.1" stroke="#fff" stroke-width="2.2" stroke-linecap="round" {}
        }
    }
}

pub(super) fn lock() -> Markup {
    html! {
        svg.icon viewBox="0 0 24 24" width="24" height="24" aria-hidden="true" focusable="false" {
            circle cx="12" cy="12" r="11" fill="currentColor" {}
            path d="M8 11.4h8v5.4H8zM9.6 11.2V9.4a2.4 2.4 0 0 1 4.8 0v1.8" fill="none" stroke="#fff" stroke-width="1.8"
                stroke-linejoin="round" {}
        }
    }
}
