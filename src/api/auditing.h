// What of the requests comes into the audit log.
#pragma once

#include "api/endpoint.h"

namespace adit {

enum class Auditing {
  kNo,
  kInBackground,     ///< pushes, queries, downloads: nobody waits for the entry
  kBeforeTheAnswer,  ///< what administers or changes data otherwise: the entry is on disk before it is told
};

/// Every operation that is no GET is audited, so that a new one is; chunks are not, since their jobs are. Of
/// the GETs, those that take many rows away: downloads, and the audit log itself.
Auditing auditing_of(const Line& line);

/// The entry of a request that was handled, as whoever its principal is.
AuditEntry audit_entry(const Line& line, const http::Request& request, const http::Response& response,
                       Timestamp at);
/// After a request was handled: enters it if its operation is audited, or if it was refused.
void audit(const Services& services, const Line& line, const http::Request& request,
           const http::Response& response);
/// After a request was refused at its admission, whatever its operation. Requests without any credential are
/// not entered: they tell of nobody.
void audit_refusal(const Services& services, const Line& line, const http::Request& request, int status);

}  // namespace adit
