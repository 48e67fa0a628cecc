#include "api/auditing.h"

#include <algorithm>
#include <any>
#include <array>

#include "access/keys.h"

namespace adit {
namespace {

constexpr std::array<std::string_view, 9> kInBackground{"createJob",     "executeJob",  "cancelJob",
                                                        "deleteJob",     "deleteChunk", "query",
                                                        "downloadTable", "listAudit",   "removeChunk"};

constexpr std::size_t kObjectBytesMax = 255;

/// The part of a path's segment that may stand in the log. Where the path wants an id, anything else that a
/// client puts there could be a key.
std::string_view shown(std::string_view name, std::string_view value) {
  if (name.ends_with("Id") && !Uuid::parse(value)) return "-";
  return value.substr(0, kObjectBytesMax);
}

void add_part(std::string& object, std::string_view part) {
  if (!object.empty()) object += '/';
  object += part;
}

/// The id that an answer begins with, as all answers with one object do.
std::string_view id_of_answer(std::string_view body) {
  constexpr std::string_view kBegin = R"({"id":")";
  constexpr std::size_t kIdBytes = 36;
  if (!body.starts_with(kBegin) || body.size() < kBegin.size() + kIdBytes) return {};
  const auto id = body.substr(kBegin.size(), kIdBytes);
  return Uuid::parse(id) ? id : std::string_view();
}

AuditEntry entry_of(const Line& line, const http::Request& request, int status, Timestamp at) {
  AuditEntry entry;
  entry.at = at;
  entry.peer = request.peer;
  entry.operation = line.operation;
  entry.status = status;
  entry.reference = request.reference;
  for (const auto& [name, value] : request.parameters) {
    if (name != "poolId") {
      add_part(entry.object, shown(name, value));
    } else if (const auto pool = PoolId::parse(value)) {
      entry.pool = *pool;
    }
  }
  if (const auto* principal = std::any_cast<Principal>(&request.principal)) {
    entry.team = principal->team;
    entry.principal = principal->subject;
    entry.principal_name = principal->holder->name;
    entry.key = KeyId(principal->credential());
  } else if (const auto header = request.headers.find("Authorization")) {
    const auto parts = split_key(header->substr(header->rfind(' ') + 1));
    if (parts) entry.key = parts->first;
  }
  return entry;
}

bool is_refusal(int status) { return audit_outcome(status) == AuditOutcome::kRefused; }

}  // namespace

Auditing auditing_of(const Line& line) {
  if (line.body == http::BodyKind::kStream || line.needs == Needs::kNothing) return Auditing::kNo;
  if (std::ranges::find(kInBackground, line.operation) != kInBackground.end()) return Auditing::kInBackground;
  return line.method == http::Method::kGet ? Auditing::kNo : Auditing::kBeforeTheAnswer;
}

AuditEntry audit_entry(const Line& line, const http::Request& request, const http::Response& response,
                       Timestamp at) {
  auto entry = entry_of(line, request, response.status, at);
  if (response.status == 200 && line.method == http::Method::kPost) {
    const auto made = id_of_answer(response.body);
    if (!made.empty() && !entry.object.ends_with(made)) add_part(entry.object, made);
  }
  return entry;
}

void audit(const Services& services, const Line& line, const http::Request& request,
           const http::Response& response) {
  const auto auditing = auditing_of(line);
  if (auditing == Auditing::kNo && !is_refusal(response.status)) return;
  auto entry = audit_entry(line, request, response, services.clock.now());
  if (auditing == Auditing::kBeforeTheAnswer && audit_outcome(response.status) == AuditOutcome::kSuccess) {
    services.audit.record_durably(std::move(entry));
  } else if (is_refusal(response.status)) {
    services.audit.notice(std::move(entry));
  } else {
    services.audit.record(std::move(entry));
  }
}

void audit_refusal(const Services& services, const Line& line, const http::Request& request, int status) {
  if (!is_refusal(status) || !request.headers.find("Authorization")) return;
  services.audit.notice(entry_of(line, request, status, services.clock.now()));
}

}  // namespace adit
