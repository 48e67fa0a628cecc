// `adit client`.
#include <iostream>
#include <utility>

#include "app/access_calls.h"
#include "app/access_output.h"
#include "app/commands.h"

namespace adit {
namespace {

namespace json = boost::json;
using client::Method;

const std::string kClients = "/adit/api/v1/oauth/clients";

json::array words_of(const std::vector<std::string>& words) {
  json::array array;
  for (const auto& word : words) array.emplace_back(word);
  return array;
}

Result<json::object> fields_of(AccessCalls& calls, const ClientOptions& options) {
  json::object body;
  if (!options.scopes.empty()) body["scopes"] = words_of(options.scopes);
  if (!options.redirect_uris.empty()) body["redirectUris"] = words_of(options.redirect_uris);
  if (!options.grant_types.empty()) body["grantTypes"] = words_of(options.grant_types);
  if (!options.name.empty()) body["name"] = options.name;
  if (options.disable || options.enable) body["active"] = options.enable;
  if (options.is_public) body["confidential"] = false;
  if (!options.app.empty()) {
    ADIT_TRY(const auto id, find_application(calls, options.app));
    body["applicationId"] = id;
  }
  return body;
}

/// Standard output gets what scripts need, once: the secret, or the id where there is none.
void print_secret(const json::value& answer, bool as_json) {
  const auto& object = answer.as_object();
  const bool has_secret = object.contains("secret");
  print_one(answer, as_json, has_secret ? "secret" : "id");
  if (as_json || !has_secret) return;
  std::cerr << "This is the client's secret; it is not shown again. Its client_id is "
            << object.at("id").as_string() << ".\n";
}

void print_clients(const json::value& clients, bool as_json) {
  print_list(clients, as_json,
             {{"NAME", "name"},
              {"CLIENT ID", "id"},
              {"CONFIDENTIAL", "confidential", Cell::kFlag},
              {"ACTIVE", "active", Cell::kFlag},
              {"GRANT TYPES", "grantTypes", Cell::kList},
              {"SCOPES", "scopes", Cell::kList},
              {"CREATED", "createdAt", Cell::kTime}});
}

Result<void> run_on(AccessCalls& calls, const ClientOptions& options) {
  ADIT_TRY(const auto id, find_listed(calls, kClients, "name", "OAuth client", options.client));
  const auto path = kClients + "/" + id;
  switch (options.action) {
    case ClientAction::kShow: {
      ADIT_TRY(auto found, calls.call(Method::kGet, path));
      if (options.json) {
        print_one(found, true, "id");
      } else {
        print_clients(json::array{std::move(found)}, false);
      }
      return {};
    }
    case ClientAction::kChange: {
      ADIT_TRY(const auto body, fields_of(calls, options));
      ADIT_CHECK(calls.call(Method::kPut, path, body));
      return {};
    }
    case ClientAction::kSecret: {
      json::object body;
      if (options.overlap_hours) body["overlapSeconds"] = *options.overlap_hours * 3600;
      ADIT_TRY(const auto answer, calls.call(Method::kPost, path + "/secret", body));
      print_secret(answer, options.json);
      return {};
    }
    case ClientAction::kRevoke:
      ADIT_CHECK(calls.call(Method::kPost, path + "/revoke"));
      return {};
    case ClientAction::kDelete:
      ADIT_CHECK(calls.call(Method::kDelete, path));
      return {};
    case ClientAction::kList:
    case ClientAction::kCreate:
      break;
  }
  return internal("no command on one client");
}

Result<void> run(const ClientOptions& options) {
  ADIT_TRY(const auto calls, open_access(options.connection));
  if (options.action == ClientAction::kList) {
    ADIT_TRY(const auto clients, calls->call(Method::kGet, kClients));
    print_clients(clients, options.json);
    return {};
  }
  if (options.action == ClientAction::kCreate) {
    ADIT_TRY(auto body, fields_of(*calls, options));
    body["name"] = options.client;
    ADIT_TRY(const auto made, calls->call(Method::kPost, kClients, body));
    print_secret(made, options.json);
    return {};
  }
  return run_on(*calls, options);
}

}  // namespace

ExitCode run_command(const ClientOptions& options) { return ended(run(options), options.connection); }

}  // namespace adit
