// The audit log.
#include <boost/json.hpp>

#include "client/adit_api.h"
#include "client/json_view.h"

namespace adit::client {
namespace {

std::string audit_path(const AuditFilter& filter) {
  std::string path = "/adit/api/v1/audit";
  char separator = '?';
  const auto add = [&](std::string_view name, const std::string& value) {
    if (value.empty()) return;
    path += separator + std::string(name) + "=" + encode_segment(value);
    separator = '&';
  };
  add("from", filter.from);
  add("to", filter.to);
  add("principal", filter.principal);
  add("operation", filter.operation);
  add("object", filter.object);
  add("outcome", filter.outcome);
  return path;
}

AuditView audit_view(const boost::json::value& value) {
  const auto& object = as_object(value);
  return {number_at(object, "at").value_or(0),
          text_at(object, "principalName"),
          text_at(object, "peer"),
          text_at(object, "operation"),
          text_at(object, "poolId"),
          text_at(object, "object"),
          number_at(object, "status").value_or(0),
          text_at(object, "outcome")};
}

}  // namespace

Result<AuditPage> AditApi::audit(const AuditFilter& filter, std::uint64_t limit) {
  const auto path = audit_path(filter);
  const auto answer =
      get(path + (path.find('?') == std::string::npos ? "?" : "&") + "limit=" + std::to_string(limit));
  ADIT_TRY(const auto parsed, json_of(answer));
  AuditPage page;
  for (const auto& entry : array_at(as_object(parsed), "entries")) page.entries.push_back(audit_view(entry));
  page.body = answer->body;
  return page;
}

Result<void> AditApi::download_audit(const AuditFilter& filter, const std::string& media_type,
                                     const HttpClient::Sink& sink) {
  return success_of(http_.download(Method::kGet, audit_path(filter), "", {{"Accept", media_type}}, sink));
}

}  // namespace adit::client
