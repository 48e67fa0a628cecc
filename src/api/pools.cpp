// Data pools.
#include <algorithm>
#include <boost/json.hpp>
#include <span>
#include <unordered_map>
#include <utility>

#include "api/disk_quotas.h"
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

json::array permissions_json(PermissionSet permissions) {
  json::array words;
  for (const auto permission : pool_permissions()) {
    if (permissions.has(permission)) words.emplace_back(to_string(permission));
  }
  return words;
}

json::object pool_json(const Services& services, const Pool& pool, PermissionSet permissions,
                       const DiskUse& use) {
  json::object disk = disk_json(use, services.quotas.default_bytes_max());
  return json::object{{"id", pool.id.to_string()},
                      {"name", pool.name},
                      {"description", pool.description},
                      {"permissions", permissions_json(permissions)},
                      {"timeStamp", to_epoch_ms(pool.created)},
                      {"createdAt", to_epoch_ms(pool.created)},
                      {"configurationStatus", "NEW"},
                      {"locked", false},
                      {"tags", json::array()},
                      {"creatorUserId", pool.creator.to_string()},
                      {"adit", json::object{{"disk", std::move(disk)}}}};
}

/// Of a pool that was made, or has gone, a moment ago.
DiskUse unused(const Pool& pool) {
  DiskUse use;
  use.quota = pool.quota;
  return use;
}

Result<Response> pool_response(const Services& services, const Principal& principal, const Pool& pool) {
  ADIT_TRY(const auto use, services.catalog.find_disk_use(pool.id));
  const auto body = pool_json(services, pool, permissions_on(principal, pool.id), use.value_or(unused(pool)));
  return Response::json(200, json::serialize(body));
}

Result<json::array> pools_json(const Services& services, const Request& request,
                               std::span<const Pool> pools) {
  const auto& principal = caller(request);
  ADIT_TRY(const auto all, services.catalog.list_disk_use(principal.team));
  std::unordered_map<PoolId, const DiskUse*> uses;
  for (const auto& use : all) uses.emplace(use.pool, &use);
  json::array list;
  for (const auto& pool : pools) {
    const auto use = uses.find(pool.id);
    list.push_back(pool_json(services, pool, permissions_on(principal, pool.id),
                             use == uses.end() ? unused(pool) : *use->second));
  }
  return list;
}

/// Those that the caller may view, oldest first.
Result<std::vector<Pool>> visible_pools(const Services& services, const Request& request) {
  const auto& principal = caller(request);
  ADIT_TRY(auto pools, services.catalog.list_pools(principal.team));
  std::erase_if(pools, [&](const Pool& pool) { return !authorize(principal, Needs::kViewPool, pool.id); });
  return pools;
}

Result<PoolPage> visible_page(const Services& services, const Request& request, std::uint64_t limit,
                              std::uint64_t offset) {
  const auto& principal = caller(request);
  if (may_on_every_pool(principal, Needs::kViewPool)) {
    return services.catalog.list_pools(principal.team, limit, offset);
  }
  ADIT_TRY(auto pools, visible_pools(services, request));
  const auto begin = std::min<std::uint64_t>(offset, pools.size());
  const auto shown = std::span(pools).subspan(begin, std::min<std::uint64_t>(limit, pools.size() - begin));
  return PoolPage{{shown.begin(), shown.end()}, pools.size()};
}

Result<Response> list_pools(const Services& services, const Request& request) {
  ADIT_TRY(const auto pools, visible_pools(services, request));
  ADIT_TRY(const auto body, pools_json(services, request, pools));
  return Response::json(200, json::serialize(body));
}

Result<Response> page_pools(const Services& services, const Request& request) {
  ADIT_TRY(const auto limit, count_parameter(request, "limit", kPageSizeDefault));
  ADIT_TRY(const auto page, count_parameter(request, "page", 0));
  if (limit == 0 || limit > kPageSizeMax) {
    return invalid_field("limit", "must be from 1 to " + std::to_string(kPageSizeMax));
  }
  if (page > ~0ULL / kPageSizeMax) return invalid_field("page", "there is no such page");
  ADIT_TRY(const auto found, visible_page(services, request, limit, page * limit));
  ADIT_TRY(auto content, pools_json(services, request, found.pools));
  const json::object body{{"content", std::move(content)},
                          {"pageSize", limit},
                          {"pageNumber", page},
                          {"totalCount", found.total}};
  return Response::json(200, json::serialize(body));
}

Result<Response> get_pool(const Services& services, const Request& request) {
  ADIT_TRY(const auto pool, pool_in_path(services, request));
  return pool_response(services, caller(request), pool);
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
  const auto& principal = caller(request);
  pool.team = principal.team;
  pool.creator = principal.subject.id;
  pool.created = services.clock.now();
  const Grant grant{principal.team, principal.subject, pool.id, Permission::kManageDataPool};
  ADIT_CHECK(services.catalog.insert_pool(pool, {grant}));
  services.authenticator.changed();
  // As it is from now on: the grant came with the pool.
  ADIT_TRY(const auto now, services.authenticator.ask_again(principal));
  return pool_response(services, now, pool);
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
  return pool_response(services, caller(request), pool);
}

Result<Response> delete_pool(const Services& services, const Request& request) {
  ADIT_TRY(const auto pool, pool_in_path(services, request));
  ADIT_CHECK(services.removal.remove(pool.team, pool.id));
  return Response::empty(204);
}

}  // namespace

void add_pool_endpoints(EndpointTable& table) {
  for (const std::string pools : {"/integration/api/pools", "/adit/api/v1/pools"}) {
    const auto pool = pools + "/{poolId}";
    table.add({"listPools", Method::kGet, pools, Needs::kListPools}, list_pools);
    table.add({"pagePools", Method::kGet, pools + "/paged", Needs::kListPools}, page_pools);
    table.add({"createPool", Method::kPost, pools, Needs::kCreatePool, BodyKind::kBuffer}, create_pool);
    table.add({"getPool", Method::kGet, pool, Needs::kViewPool}, get_pool);
    table.add({"updatePool", Method::kPut, pool, Needs::kEditPool, BodyKind::kBuffer}, update_pool);
    table.add({"deletePool", Method::kDelete, pool, Needs::kManagePool}, delete_pool);
  }
}

}  // namespace adit
