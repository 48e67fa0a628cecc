// Disk quotas of data pools.
#include "api/disk_quotas.h"

#include <boost/json.hpp>

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

Response answer(const Services& services, const DiskUse& use) {
  return Response::json(200, json::serialize(disk_json(use, services.quotas.default_bytes_max())));
}

Result<Response> get_quota(const Services& services, const Request& request) {
  ADIT_TRY(const auto pool, pool_in_path(services, request));
  ADIT_TRY(const auto use, services.quotas.look(pool.id));
  return answer(services, use);
}

Result<DiskQuota> read_quota(const Request& request) {
  ADIT_TRY(const auto body, parse_json_object(request.body));
  std::vector<FieldError> errors;
  FieldReader reader(body, errors);
  const auto word = reader.string("quota");
  const auto kind = word ? parse_disk_quota_kind(*word) : std::optional(DiskQuotaKind::kOwn);
  if (!kind) reader.fail("quota", "must be OWN, NONE or DEFAULT");
  const auto bytes = reader.integer("maxBytes");
  const bool own = kind == DiskQuotaKind::kOwn;
  DiskQuota quota{kind.value_or(DiskQuotaKind::kDefault), static_cast<std::uint64_t>(bytes.value_or(0))};
  if (errors.empty() && own && (quota.bytes_max < 1 || quota.bytes_max > DiskQuota::kBytesMax)) {
    reader.fail("maxBytes", "must be from 1 to " + std::to_string(DiskQuota::kBytesMax) +
                                "; \"quota\": \"NONE\" is no bound, \"DEFAULT\" the server's setting");
  }
  if (errors.empty() && !own && bytes) reader.fail("maxBytes", "goes with \"quota\": \"OWN\" only");
  if (!errors.empty()) return invalid_fields(std::move(errors));
  return quota;
}

Result<Response> set_quota(const Services& services, const Request& request) {
  ADIT_TRY(const auto pool, pool_in_path(services, request));
  ADIT_TRY(const auto quota, read_quota(request));
  ADIT_TRY(const bool found, services.catalog.set_disk_quota(pool.team, pool.id, quota));
  const auto gone = [&] {
    return not_found("There is no data pool " + pool.id.to_string() + " in your team.");
  };
  if (!found) return gone();
  if (const auto use = services.quotas.look(pool.id)) return answer(services, *use);
  // It is set, also where the engine can't be asked at the moment.
  ADIT_TRY(const auto known, services.catalog.find_disk_use(pool.id));
  if (!known) return gone();
  return answer(services, *known);
}

}  // namespace

void add_disk_quota_endpoints(EndpointTable& table) {
  const std::string path = "/adit/api/v1/pools/{poolId}/quota";
  table.add({"getDiskQuota", Method::kGet, path, Needs::kViewPool}, get_quota);
  // A quota is a limit upon those who manage the pool.
  table.add({"setDiskQuota", Method::kPut, path, Needs::kAdministerTeam, BodyKind::kBuffer}, set_quota);
}

}  // namespace adit
