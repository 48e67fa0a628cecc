// Data pools.
#include <boost/json.hpp>
#include <utility>

#include "api/endpoint.h"
#include "api/query_parameters.h"
#include "model/json_fields.h"

namespace adit {
namespace {

namespace json = boost::json;
using http::BodyKind;
using http::Method;
using http::Request;
using http::Response;

constexpr std::size_t kNameBytesMax = 255;
constexpr std::size_t kDescriptionBytesMax = 10'000;
constexpr std::uint64_t kPageSizeMax = 1000;
constexpr std::uint64_t kPageSizeDefault = 100;

json::object pool_json(const Pool& pool) {
  return json::object{
      {"id", pool.id.to_string()},
      {"name", pool.name},
      {"description", pool.description},
      {"permissions", json::array{"MANAGE_DATA_POOL", "EDIT_DATA_POOL", "VIEW_DATA_POOL", "DATA_PUSH_API"}},
      {"timeStamp", to_epoch_ms(pool.created)},
      {"createdAt", to_epoch_ms(pool.created)},
      {"configurationStatus", "NEW"},
      {"locked", false},
      {"tags", json::array()},
      {"creatorUserId", pool.creator.to_string()}};
}

json::array pools_json(const std::vector<Pool>& pools) {
  json::array list;
  for (const auto& pool : pools) list.push_back(pool_json(pool));
  return list;
}

Result<Response> list_pools(const Services& services, const Request& request) {
  ADIT_TRY(const auto pools, services.catalog.list_pools(caller(request).team));
  return Response::json(200, json::serialize(pools_json(pools)));
}

Result<Response> page_pools(const Services& services, const Request& request) {
  ADIT_TRY(const auto limit, count_parameter(request, "limit", kPageSizeDefault));
  ADIT_TRY(const auto page, count_parameter(request, "page", 0));
  if (limit == 0 || limit > kPageSizeMax) {
    return invalid_field("limit", "must be from 1 to " + std::to_string(kPageSizeMax));
  }
  if (page > ~0ULL / kPageSizeMax) return invalid_field("page", "there is no such page");
  ADIT_TRY(const auto found, services.catalog.list_pools(caller(request).team, limit, page * limit));
  const json::object body{{"content", pools_json(found.pools)},
                          {"pageSize", limit},
                          {"pageNumber", page},
                          {"totalCount", found.total}};
  return Response::json(200, json::serialize(body));
}

Result<Response> get_pool(const Services& services, const Request& request) {
  ADIT_TRY(const auto pool, pool_in_path(services, request));
  return Response::json(200, json::serialize(pool_json(pool)));
}

/// The name and the description that a body gives; a name must be there.
void read_texts(FieldReader& reader, const std::vector<FieldError>& errors, Pool& pool) {
  const auto name = reader.string("name");
  if (!name && errors.empty()) reader.fail("name", "is required");
  if (name && (name->empty() || name->size() > kNameBytesMax || name->find('\0') != std::string::npos)) {
    reader.fail("name", "must be 1 to 255 bytes of text without NUL");
  }
  pool.name = name.value_or("");
  pool.description = reader.string("description").value_or(pool.description);
  if (pool.description.size() > kDescriptionBytesMax) {
    reader.fail("description", "must be at most " + std::to_string(kDescriptionBytesMax) + " bytes");
  }
}

Result<Response> create_pool(const Services& services, const Request& request) {
  ADIT_TRY(const auto body, parse_json_object(request.body));
  std::vector<FieldError> errors;
  FieldReader reader(body, errors);
  Pool pool;
  read_texts(reader, errors, pool);
  pool.id = PoolId::random();
  if (const auto id = reader.string("id")) {
    const auto given = PoolId::parse(*id);
    if (!given) reader.fail("id", "must be a UUID");
    pool.id = given.value_or(pool.id);
  }
  if (!errors.empty()) return invalid_fields(std::move(errors));
  pool.team = caller(request).team;
  pool.creator = caller(request).user;
  pool.created = services.clock.now();
  ADIT_CHECK(services.catalog.insert_pool(pool));
  return Response::json(200, json::serialize(pool_json(pool)));
}

Result<Response> update_pool(const Services& services, const Request& request) {
  ADIT_TRY(auto pool, pool_in_path(services, request));
  ADIT_TRY(const auto body, parse_json_object(request.body));
  std::vector<FieldError> errors;
  FieldReader reader(body, errors);
  read_texts(reader, errors, pool);
  if (const auto id = reader.string("id"); id && PoolId::parse(*id) != pool.id) {
    reader.fail("id", "must be the id in the path: it can't be changed");
  }
  if (!errors.empty()) return invalid_fields(std::move(errors));
  ADIT_TRY(const bool found, services.catalog.update_pool(pool));
  if (!found) return not_found("There is no data pool " + pool.id.to_string() + " in your team.");
  return Response::json(200, json::serialize(pool_json(pool)));
}

Result<Response> delete_pool(const Services& services, const Request& request) {
  ADIT_TRY(const auto pool, pool_in_path(services, request));
  ADIT_CHECK(services.removal.remove(pool.team, pool.id));
  return Response::empty(204);
}

}  // namespace

void add_pool_endpoints(const Services& services, std::vector<Endpoint>& table) {
  const auto with = [&services](auto function) {
    return [services, function](const Request& request) { return function(services, request); };
  };
  for (const std::string pools : {"/integration/api/pools", "/adit/api/v1/pools"}) {
    const auto pool = pools + "/{poolId}";
    table.push_back({Method::kGet, pools, Needs::kCredentials, BodyKind::kNone, with(list_pools), {}});
    table.push_back(
        {Method::kGet, pools + "/paged", Needs::kCredentials, BodyKind::kNone, with(page_pools), {}});
    table.push_back({Method::kPost, pools, Needs::kCreatePool, BodyKind::kBuffer, with(create_pool), {}});
    table.push_back({Method::kGet, pool, Needs::kViewPool, BodyKind::kNone, with(get_pool), {}});
    table.push_back({Method::kPut, pool, Needs::kEditPool, BodyKind::kBuffer, with(update_pool), {}});
    table.push_back({Method::kDelete, pool, Needs::kManagePool, BodyKind::kNone, with(delete_pool), {}});
  }
}

}  // namespace adit
