// The audit log: who did what, on which object, from where, with which key, and what came of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "model/ids.h"
#include "model/team.h"

namespace adit {

enum class AuditOutcome {
  kSuccess,
  kRefused,  ///< for want of credentials or permissions, or because there were too many
  kFailed,
};
std::string_view to_string(AuditOutcome outcome);  ///< SUCCESS, REFUSED, FAILED
std::optional<AuditOutcome> parse_audit_outcome(std::string_view word);
AuditOutcome audit_outcome(int status);

/// One line of the log. It never holds a secret: a key is named by its id.
struct AuditEntry {
  std::int64_t number = 0;  ///< given by the catalog; rises
  Timestamp at{};
  std::optional<TeamId> team{};        ///< absent: nobody was recognized; the first team's log takes it
  std::optional<Subject> principal{};  ///< absent: nobody was recognized
  std::string principal_name{};
  std::optional<KeyId> key{};  ///< also one that did not hold, where it could be read
  std::string peer{};          ///< the client's address
  std::string operation{};     ///< as in the OpenAPI document: `createPool`
  std::optional<PoolId> pool{};
  std::string object{};  ///< what else the path names or the operation made: an id, a table's name
  int status = 0;        ///< of HTTP
  std::string reference{};
};

/// Which entries a list shows. Empty means all.
struct AuditFilter {
  std::optional<Timestamp> from{};
  std::optional<Timestamp> to{};  ///< not included
  std::string principal{};        ///< its id or name
  std::string operation{};
  std::string object{};  ///< the object, or the id of the pool
  std::optional<AuditOutcome> outcome{};
};

}  // namespace adit
