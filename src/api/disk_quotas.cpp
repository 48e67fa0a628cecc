// Disk quotas of data pools.
#include "api/disk_quotas.h"

#include <boost/json.hpp>
#include <utility>

#include "api/endpoint.h"
#include "model/json_fields.h"

namespace adit {

namespace json = boost::json;

json::object disk_json(const DiskUse& use, std::uint64_t default_bytes_max) {
  const auto or_null = [](std::optional<std::uint64_t> bytes) {
    return bytes ? json::value(*bytes) : json::value();
  };
  const auto bytes_max = quota_bytes(use.quota, default_bytes_max);
  return {{"quota", to_string(use.quota.kind)},
          {"maxBytes", bytes_max > 0 ? json::value(bytes_max) : json::value()},
          {"usedBytes", use.bytes()},
          {"chunkBytes", use.chunk_bytes},
          {"tableBytes", or_null(use.table_bytes)}};
}

namespace {

using http::BodyKind;
using http::Method;
using http::Request;
using http::Response;

/// With a fresh look at the tables.
Result<Response> answer(const Services& services, PoolId pool) {
  ADIT_TRY(const auto use, services.quotas.look(pool));
  return Response::json(200, json::serialize(disk_json(use, services.quotas.default_bytes_max())));
}

Result<Response> get_quota(const Services& services, const Request& request) {
  ADIT_TRY(const auto pool, pool_in_path(services, request));
  return answer(services, pool.id);
}

Result<DiskQuota> read_quota(const Request& request) {
  ADIT_TRY(const auto body, parse_json_object(request.body));
  std::vector<FieldError> errors;
  FieldReader reader(body, errors);
  const auto word = reader.string("quota");
  const auto bytes = reader.integer("maxBytes");
  DiskQuota quota{bytes ? DiskQuotaKind::kOwn : DiskQuotaKind::kDefault};
  if (word) {
    const auto kind = parse_disk_quota_kind(*word);
    if (!kind) reader.fail("quota", "must be OWN, NONE or DEFAULT");
    quota.kind = kind.value_or(quota.kind);
  }
  if (errors.empty() && !word && !bytes)
    reader.fail("maxBytes", "is required, or \"quota\": \"NONE\" or \"DEFAULT\"");
  const bool own = quota.kind == DiskQuotaKind::kOwn;
  if (errors.empty() && own != bytes.has_value())
    reader.fail("maxBytes", own ? "is required with OWN" : "goes with OWN only");
  if (errors.empty() && own && (*bytes < 1 || static_cast<std::uint64_t>(*bytes) > DiskQuota::kBytesMax)) {
    reader.fail("maxBytes", "must be from 1 to " + std::to_string(DiskQuota::kBytesMax));
  }
  if (!errors.empty()) return invalid_fields(std::move(errors));
  if (own) quota.bytes_max = static_cast<std::uint64_t>(*bytes);
  return quota;
}

Result<Response> set_quota(const Services& services, const Request& request) {
  ADIT_TRY(const auto pool, pool_in_path(services, request));
  ADIT_TRY(const auto quota, read_quota(request));
  ADIT_TRY(const bool found, services.catalog.set_disk_quota(pool.team, pool.id, quota));
  if (!found) return not_found("There is no data pool " + pool.id.to_string() + " in your team.");
  return answer(services, pool.id);
}

}  // namespace

void add_disk_quota_endpoints(EndpointTable& table) {
  const std::string path = "/adit/api/v1/pools/{poolId}/quota";
  table.add({"getDiskQuota", Method::kGet, path, Needs::kViewPool}, get_quota);
  // A quota is a limit upon those who manage the pool.
  table.add({"setDiskQuota", Method::kPut, path, Needs::kAdministerTeam, BodyKind::kBuffer}, set_quota);
}

}  // namespace adit
