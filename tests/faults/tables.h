// The tables of a run and how they are changed other than by a push.
#pragma once

#include <vector>

#include "faults/model.h"
#include "support/http_client.h"

namespace adit::test {

/// Three pools with tables of each discipline, some in data connections, some of which can mirror each other,
/// and a table of notes in each pool. Throws std::runtime_error on an answer that is none.
std::vector<TableRecord> make_tables(Http& http);

/// Drop, truncate or delete by predicate, as the job's kind says.
HttpRequest change_request(const JobRecord& job, const TableRecord& table);

/// A change that had no answer is hidden and may be under way still: changes that wait for it and remove
/// nothing.
void finish_table_changes(Http& http, Model& model);

}  // namespace adit::test
