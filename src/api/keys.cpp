// Keys: list, create, import, delete.
#include <boost/json.hpp>
#include <utility>

#include "api/endpoint.h"
#include "model/json_fields.h"

namespace adit {
namespace {

namespace json = boost::json;
using http::BodyKind;
using http::Method;
using http::Request;
using http::Response;

json::object key_json(const Key& key) {
  return json::object{
      {"id", key.id.to_string()},
      {"name", key.name},
      {"kind", to_string(key.kind)},
      {"ownerId", key.owner.to_string()},
      {"createdAt", to_epoch_ms(key.created)},
      {"lastUsedAt", key.last_used ? json::value(to_epoch_ms(*key.last_used)) : json::value(nullptr)}};
}

Result<Response> list_keys(const Services& services, const Request& request) {
  ADIT_TRY(const auto keys, services.catalog.list_keys(caller(request).team));
  json::array body;
  for (const auto& key : keys) body.push_back(key_json(key));
  return Response::json(200, json::serialize(body));
}

Result<Response> create_key(const Services& services, const Request& request) {
  ADIT_TRY(const auto body, parse_json_object(request.body));
  std::vector<FieldError> errors;
  FieldReader reader(body, errors);
  const auto name = reader.string("name");
  if (!name && errors.empty()) reader.fail("name", "is required: say what the key is for");
  if (name && (name->empty() || name->size() > 255)) reader.fail("name", "must be 1 to 255 bytes long");
  const auto word = reader.string("kind");
  const auto kind = word ? parse_key_kind(*word) : KeyKind::kUser;
  if (!kind) reader.fail("kind", "must be USER or APPLICATION");
  const auto existing = reader.string("key");
  if (!errors.empty()) return invalid_fields(std::move(errors));
  if (existing) {
    ADIT_TRY(const auto key, import_key(caller(request).team, caller(request).user, *kind, *name, *existing,
                                        services.clock.now()));
    ADIT_CHECK(services.catalog.insert_key(key));
    // The credential is known to who sent it.
    return Response::json(200, json::serialize(key_json(key)));
  }
  const auto issued =
      issue_key(caller(request).team, caller(request).user, *kind, *name, services.clock.now());
  ADIT_CHECK(services.catalog.insert_key(issued.key));
  auto answer = key_json(issued.key);
  answer["key"] = issued.text;
  auto response = Response::json(200, json::serialize(answer));
  response.headers.emplace_back("Cache-Control", "no-store");
  return response;
}

Result<Response> delete_key(const Services& services, const Request& request) {
  ADIT_TRY(const auto id, id_in_path(request, "keyId"));
  ADIT_TRY(const bool deleted, services.catalog.delete_key(caller(request).team, KeyId(id)));
  if (!deleted) return not_found("There is no key " + id.to_string() + ".");
  services.authenticator.forget(KeyId(id));
  return Response::empty(204);
}

}  // namespace

void add_key_endpoints(const Services& services, std::vector<Endpoint>& table) {
  const auto with = [&services](auto function) {
    return [services, function](const Request& request) { return function(services, request); };
  };
  const std::string keys = "/adit/api/v1/keys";
  table.push_back({Method::kGet, keys, Needs::kManageKeys, BodyKind::kNone, with(list_keys), {}});
  table.push_back({Method::kPost, keys, Needs::kManageKeys, BodyKind::kBuffer, with(create_key), {}});
  table.push_back(
      {Method::kDelete, keys + "/{keyId}", Needs::kManageKeys, BodyKind::kNone, with(delete_key), {}});
}

}  // namespace adit
