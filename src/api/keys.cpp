// Keys: one's own, and as an administrator everybody's. List, create, import, rotate, delete.
#include <boost/json.hpp>
#include <unordered_map>
#include <utility>

#include "access/keys.h"
#include "api/access_endpoints.h"
#include "api/access_fields.h"
#include "base/log.h"

namespace adit {
namespace {

namespace json = boost::json;
using http::BodyKind;
using http::Method;
using http::Request;
using http::Response;

constexpr std::size_t kPoolsOfKeyMax = 1'000;

json::object key_json(const Key& key) {
  json::object body{{"id", key.id.to_string()},
                    {"name", key.name},
                    {"kind", to_string(key.kind())},
                    {"ownerId", key.owner.id.to_string()},
                    {"creatorId", key.creator.to_string()},
                    {"createdAt", to_epoch_ms(key.created)},
                    {"lastUsedAt", time_json(key.last_used)},
                    {"expiresAt", time_json(key.expires)},
                    {"scopes", nullptr},
                    {"pools", nullptr},
                    {"replacedBy", nullptr}};
  if (key.limits.scopes) body["scopes"] = words_of(*key.limits.scopes, all_scopes());
  if (key.limits.pools) {
    json::array ids;
    for (const auto pool : *key.limits.pools) ids.emplace_back(pool.to_string());
    body["pools"] = std::move(ids);
  }
  if (key.replaced_by) body["replacedBy"] = key.replaced_by->to_string();
  return body;
}

bool administers(const Request& request) { return authorize(caller(request), Needs::kAdministerTeam).ok(); }

Result<std::unordered_map<Uuid, std::string>> names_of_owners(const AccessServices& services, TeamId team) {
  std::unordered_map<Uuid, std::string> names;
  ADIT_TRY(const auto users, services.catalog.list_users(team));
  for (const auto& user : users) names[user.id.uuid()] = user.name;
  ADIT_TRY(const auto applications, services.catalog.list_applications(team));
  for (const auto& application : applications) names[application.id.uuid()] = application.name;
  return names;
}

Result<Response> list_keys(const AccessServices& services, const Request& request) {
  const auto& principal = caller(request);
  const bool all = administers(request);
  ADIT_TRY(const auto keys, services.catalog.list_keys(principal.team));
  ADIT_TRY(auto names, names_of_owners(services, principal.team));
  json::array body;
  for (const auto& key : keys) {
    if (!all && key.owner != principal.subject) continue;
    auto entry = key_json(key);
    entry["ownerName"] = names[key.owner.id];
    body.push_back(std::move(entry));
  }
  return json_answer(body);
}

KeyLimits read_limits(const AccessServices& services, TeamId team, FieldReader& reader) {
  KeyLimits limits;
  limits.scopes = read_scopes(reader);
  if (limits.scopes && limits.scopes->empty()) {
    reader.fail("scopes", "must name a scope, or be left out for all");
  }
  if (reader.array("pools") != nullptr) {
    limits.pools.emplace();
    const auto ids = reader.strings("pools");
    if (ids.empty() || ids.size() > kPoolsOfKeyMax) {
      reader.fail("pools",
                  "must name 1 to " + std::to_string(kPoolsOfKeyMax) + " data pools, or be left out for all");
      return limits;
    }
    for (const auto& text : ids) {
      const auto id = PoolId::parse(text);
      const auto pool = id ? services.catalog.find_pool(team, *id) : std::optional<Pool>();
      if (!pool || !*pool) {
        reader.fail("pools", "there is no data pool \"" + text.substr(0, 100) + "\" in your team");
      } else {
        limits.pools->push_back(*id);
      }
    }
  }
  return limits;
}

/// Whose key it becomes. An administrator names a user or an application, or has an application made of the
/// key's name; everybody else makes keys for themselves.
struct Ownership {
  Subject owner;
  std::optional<Application> made{};
};

Result<Ownership> read_owner(const AccessServices& services, const Request& request, FieldReader& reader,
                             const std::string& name) {
  const auto& principal = caller(request);
  const auto word = reader.string("kind");
  std::optional<KeyKind> kind;
  if (word) kind = parse_key_kind(*word);
  if (word && !kind) return invalid_field("kind", "must be USER or APPLICATION");
  const auto user = reader.string("userId");
  const auto application = reader.string("applicationId");
  if (user && application) return invalid_field("userId", "can't be there together with applicationId");
  const bool for_application = application || kind == KeyKind::kApplication;
  if (for_application && (user || kind == KeyKind::kUser)) {
    return invalid_field("kind", "contradicts the owner that the request names");
  }
  const bool for_self = !for_application && (!user || UserId::parse(*user) == principal.user);
  if (for_self) return Ownership{principal.subject};
  ADIT_CHECK(authorize(principal, Needs::kAdministerTeam));
  if (user) {
    const auto id = UserId::parse(*user);
    const auto found = id ? services.catalog.find_user(*id) : std::optional<User>();
    if (!found) return found.error();
    if (!*found || (*found)->team != principal.team)
      return invalid_field("userId", "is no user of your team");
    return Ownership{subject_of(*id)};
  }
  if (application) {
    const auto id = ApplicationId::parse(*application);
    const auto found =
        id ? services.catalog.find_application(principal.team, *id) : std::optional<Application>();
    if (!found) return found.error();
    if (!*found) return invalid_field("applicationId", "is no application of your team");
    return Ownership{subject_of(*id)};
  }
  Application made{ApplicationId::random(), principal.team, name, principal.user, true, services.clock.now()};
  const auto owner = subject_of(made.id);
  return Ownership{owner, std::move(made)};
}

Result<void> keep(const AccessServices& services, const Key& key, const Ownership& ownership) {
  log::info("key created", {{"key", key.id}, {"owner", key.owner.id.to_string()}});
  return ownership.made ? services.catalog.insert_key(key, *ownership.made)
                        : services.catalog.insert_key(key);
}

Result<Response> create_key(const AccessServices& services, const Request& request) {
  const auto& principal = caller(request);
  const auto now = services.clock.now();
  ADIT_TRY(const auto body, parse_json_object(request.body));
  std::vector<FieldError> errors;
  FieldReader reader(body, errors);
  KeyRequest asked;
  asked.team = principal.team;
  asked.creator = principal.user;
  asked.name = read_name(reader, errors);
  asked.expires = reader.timestamp("expiresAt");
  if (asked.expires && *asked.expires <= now) reader.fail("expiresAt", "must be in the future");
  asked.limits = read_limits(services, principal.team, reader);
  const auto existing = reader.string("key");
  if (!errors.empty()) return invalid_fields(std::move(errors));
  ADIT_TRY(const auto ownership, read_owner(services, request, reader, asked.name));
  if (!errors.empty()) return invalid_fields(std::move(errors));
  asked.owner = ownership.owner;
  if (existing) {
    ADIT_TRY(const auto key, import_key(std::move(asked), *existing, now));
    ADIT_CHECK(keep(services, key, ownership));
    // The credential is known to who sent it.
    return json_answer(key_json(key));
  }
  const auto issued = issue_key(std::move(asked), now);
  ADIT_CHECK(keep(services, issued.key, ownership));
  auto answer = key_json(issued.key);
  answer["key"] = issued.text;
  return secret_answer(answer);
}

/// The key in the path, if the caller may have anything to do with it.
Result<Key> key_in_path(const AccessServices& services, const Request& request) {
  const auto& principal = caller(request);
  ADIT_TRY(const auto id, id_in_path(request, "keyId"));
  ADIT_TRY(auto key, services.catalog.find_key(KeyId(id)));
  const bool theirs =
      key && key->team == principal.team && (key->owner == principal.subject || administers(request));
  if (!theirs) return not_found("There is no key " + id.to_string() + ".");
  return *std::move(key);
}

Result<Response> rotate(const AccessServices& services, const Request& request) {
  ADIT_TRY(auto old, key_in_path(services, request));
  ADIT_TRY(const auto overlap, read_overlap(request));
  ADIT_TRY(const auto issued, rotate_key(old, caller(request).user, overlap, services.clock.now()));
  ADIT_CHECK(services.catalog.replace_key(old, issued.key));
  services.authenticator.changed();
  log::info("key rotated", {{"key", old.id}, {"by", issued.key.id}});
  auto answer = key_json(issued.key);
  answer["key"] = issued.text;
  answer["replaces"] = json::object{{"id", old.id.to_string()}, {"expiresAt", time_json(old.expires)}};
  return secret_answer(answer);
}

Result<Response> delete_key(const AccessServices& services, const Request& request) {
  ADIT_TRY(const auto key, key_in_path(services, request));
  ADIT_TRY(const bool deleted, services.catalog.delete_key(key.team, key.id));
  services.authenticator.changed();
  if (!deleted) return not_found("There is no key " + key.id.to_string() + ".");
  return Response::empty(204);
}

}  // namespace

void add_key_endpoints(std::vector<AccessEndpoint>& endpoints) {
  const std::string keys = "/adit/api/v1/keys";
  const auto key = keys + "/{keyId}";
  const auto needs = Needs::kOwnAccount;
  endpoints.push_back({{"listKeys", Method::kGet, keys, needs}, list_keys});
  endpoints.push_back({{"createKey", Method::kPost, keys, needs, BodyKind::kBuffer}, create_key});
  endpoints.push_back({{"rotateKey", Method::kPost, key + "/rotate", needs, BodyKind::kBuffer}, rotate});
  endpoints.push_back({{"deleteKey", Method::kDelete, key, needs}, delete_key});
}

}  // namespace adit
