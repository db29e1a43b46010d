// That every page a statement has read was whole. SQLCipher fills a page whose authenticator does
// not fit with zeros, and its error comes with the page after it: SQLite (pager.c, getPageError)
// fails every page of a read transaction once one of it has failed. A value that ends on such a
// page, where no page is read after it, would be taken as it is. So a read transaction is kept open
// while a statement runs, and after each of its steps that have read from the disk one page more is
// asked for. For node/store only.
#pragma once

#include "node/store/database_impl.h"

namespace hedgerow::store {

// Before the first step of a statement outside a transaction; a counter, for statements in one
// another.
Result<void> keep_reading(Database::Impl& db);
void end_reading(Database::Impl& db);

// configuration: a page read since the last call was altered. Asks for no page where none was read
// from the disk.
Result<void> pages_were_whole(Database::Impl& db);

}  // namespace hedgerow::store
