// The rules that hold whatever was killed.
#pragma once

#include <string>
#include <vector>

#include "faults/model.h"
#include "faults/observation.h"

namespace adit::test {

/// Compares what a settled server says with the model and returns every violation as a sentence.
///
///   1. An acknowledged job is there until its delete was acknowledged, and then it is not; nobody else's job
///   is there.
///   2. An acknowledged chunk is there, in order, with its digest and row count; one that is there was sent;
///   the
///      chunks of one request are there all or none.
///   3. A final state never changes. A job whose execute was acknowledged is DONE unless it was canceled or
///   deleted; a
///      job that nobody executed is NEW or CANCELED. Good data never ends in ERROR.
///   4. Each table holds what the DONE jobs and the table changes make of it in the order of their executes:
///   every one of them
///      whole and once, in its target, its mirrors and its table of notes, and nothing of any other. A job
///      deleted before its outcome was known, and a change without an answer, count whole or not at all, the
///      same in all their tables. A change says how many rows it removed; the list, the history and every
///      answer that says DONE tell how many rows of a job landed.
///   5. The listed tables are exactly those.
///   6. What a query read of a table was a state of it between the query's begin and end: no part of a job,
///   no
///      job that was not executed yet, none missing that was known to be DONE; and no later read goes back.
///
/// Where the model was uncertain it takes over what the server says; call Model::settle() afterwards.
std::vector<std::string> check(Model& model, const Observed& observed);

}  // namespace adit::test
