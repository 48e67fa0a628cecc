// AnswerRecord: what the server answered, for those who hold it against the OpenAPI document.
#pragma once

#include "support/http_client.h"

namespace adit::test {

/// Appends a line of JSON to the file that the environment's RECORD_ANSWERS_IN names (adit refuses unknown
/// ADIT_*); begun anew by each process. Nothing without the variable, nor of bodies above 256 KiB.
/// Thread-safe.
void record_answer(const HttpRequest& request, const HttpResponse& response);

}  // namespace adit::test
