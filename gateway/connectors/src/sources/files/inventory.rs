//! What a folder holds of whom. A folder is read whole, so everything is told each time.

use exchange::ports::{BoxFuture, SourceFault};
use time::OffsetDateTime;

use super::FilesSource;
use crate::nvi::IndexCategories;
use crate::sources::inventory::{Holdings, Inventory};

impl Inventory for FilesSource {
    fn holdings<'a>(
        &'a self,
        table: &'a IndexCategories,
        _: Option<OffsetDateTime>,
    ) -> BoxFuture<'a, Result<Holdings, SourceFault>> {
        let index = self.current.get();
        let mut holdings = Holdings { whole: !index.problems.may_hide_something(), ..Holdings::default() };
        for indexed in index.everything() {
            let patient = |id: &str| index.bsn_of(id);
            holdings.note(self.config.version, &indexed.resource, table, patient);
        }
        Box::pin(std::future::ready(Ok(holdings)))
    }
}
