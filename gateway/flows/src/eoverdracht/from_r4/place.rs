//! Where in the Bundle we are.

/// A path that grows and shrinks with the walk.
#[derive(Debug, Default)]
pub(super) struct Place(String);

impl Place {
    pub(super) fn at(text: String) -> Self {
        Place(text)
    }

    /// Into this element; what comes back leads out of it again.
    pub(super) fn enter(&mut self, name: &str) -> usize {
        let length = self.0.len();
        if length > 0 {
            self.0.push('.');
        }
        self.0.push_str(name);
        length
    }

    /// Into this item of a list.
    pub(super) fn enter_item(&mut self, at: usize) -> usize {
        let length = self.0.len();
        self.0.push_str(&format!("[{at}]"));
        length
    }

    /// Where we are, to come back to by [`Self::leave`].
    pub(super) fn here(&self) -> usize {
        self.0.len()
    }

    pub(super) fn leave(&mut self, length: usize) {
        self.0.truncate(length);
    }

    pub(super) fn text(&self) -> String {
        self.0.clone()
    }
}
